// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const group = new THREE.Group();
  Object.defineProperty(group, 'children', { get() { throw new Error('no'); } });
  return group;
}
