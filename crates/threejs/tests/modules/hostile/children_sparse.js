// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const group = new THREE.Group();
  group.children.length = 4294967295;
  return group;
}
