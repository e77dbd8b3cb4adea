// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const group = new THREE.Group();
  group.children = [null, undefined, 1, 'text', {}, new THREE.Color()];
  return group;
}
