// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  const group = new THREE.Group();
  group.children = { get length() { for (;;) {} } };
  return group;
}
