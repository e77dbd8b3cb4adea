// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  Object.defineProperty(mesh, 'geometry', { get() { throw new Error('no'); } });
  return mesh;
}
