// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.attributes.position.count = 1000;
  return mesh;
}
