// expect: pass
export default function (THREE) {
  const group = new THREE.Group();
  group.children = { length: 2, 0: new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial()), 1: new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial()) };
  return group;
}
