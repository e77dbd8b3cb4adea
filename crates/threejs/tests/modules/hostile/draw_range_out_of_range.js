// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.setDrawRange(-5, 1e12);
  mesh.geometry.addGroup(-7, Infinity, 3.5);
  return mesh;
}
