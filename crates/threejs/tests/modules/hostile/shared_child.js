// expect: post_validation CYCLE_DETECTED
export default function (THREE) {
  const root = new THREE.Group();
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  root.children.push(mesh, mesh);
  return root;
}
