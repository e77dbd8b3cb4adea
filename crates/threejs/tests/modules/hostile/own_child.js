// expect: post_validation CYCLE_DETECTED
export default function (THREE) {
  const a = new THREE.Group();
  a.children.push(a);
  return a;
}
