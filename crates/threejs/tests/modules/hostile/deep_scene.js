// expect: post_validation DEPTH_LIMIT_EXCEEDED
export default function (THREE) {
  const root = new THREE.Group();
  let at = root;
  for (let i = 0; i < 3000; i++) {
    const next = new THREE.Group();
    at.children.push(next);
    next.parent = at;
    at = next;
  }
  return root;
}
