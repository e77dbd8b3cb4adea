// expect: post_validation DEPTH_LIMIT_EXCEEDED
export default function (THREE) {
  const root = new THREE.Group();
  let at = root;
  for (let i = 0; i < 32; i++) {
    const next = new THREE.Group();
    at.add(next);
    at = next;
  }
  at.add(new THREE.Mesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial()));
  return root;
}
