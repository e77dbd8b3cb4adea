// expect: post_validation DRAW_CALL_LIMIT_EXCEEDED
export default function (THREE) {
  const root = new THREE.Group();
  const geometry = new THREE.BoxGeometry(0.1, 0.1, 0.1);
  const material = new THREE.MeshBasicMaterial();
  for (let i = 0; i < 201; i++) root.add(new THREE.Mesh(geometry, material));
  return root;
}
