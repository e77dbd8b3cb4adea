// expect: post_validation CYCLE_DETECTED
export default function (THREE) {
  const a = new THREE.Group();
  const b = new THREE.Group();
  a.children.push(b);
  b.children.push(a);
  return a;
}
