// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const group = new THREE.Group();
  Object.defineProperty(group, 'type', { get() { throw new Error('no'); } });
  return group;
}
