// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  const group = new THREE.Group();
  Object.defineProperty(group, 'then', { get() { for (;;) {} } });
  return group;
}
