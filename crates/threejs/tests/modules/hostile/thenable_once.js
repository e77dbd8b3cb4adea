// expect: execution ASYNC_NOT_ALLOWED
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  let reads = 0;
  Object.defineProperty(mesh, 'then', { get: () => (reads++ === 0 ? () => 1 : undefined) });
  return mesh;
}
