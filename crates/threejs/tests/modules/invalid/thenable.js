// expect: execution ASYNC_NOT_ALLOWED
export default function (THREE) {
  const group = new THREE.Group();
  group.then = () => 1;
  return group;
}
