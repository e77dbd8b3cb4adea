// expect: post_validation CYCLE_DETECTED
export default function (THREE) {
  const group = new THREE.Group();
  const kids = [new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial()), new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial())];
  Object.defineProperty(kids, 1, { get() { kids.push(new THREE.Group()); return kids[0]; } });
  group.children = kids;
  return group;
}
