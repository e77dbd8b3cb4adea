// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  const light = new THREE.Object3D();
  light.isLight = true;
  light.isAmbientLight = true;
  light.color = new THREE.Color(9, 9, 9);
  light.intensity = 1e9;
  return new THREE.Group().add(mesh, light);
}
