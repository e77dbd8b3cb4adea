// expect: pass
export default function (THREE) {
  const list = [];
  list[4294967294] = 1;
  list.length = 3;
  return new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
}
