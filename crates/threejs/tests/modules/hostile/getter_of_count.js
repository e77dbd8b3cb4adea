// expect: post_validation INSTANCE_LIMIT_EXCEEDED
export default function (THREE) {
  const mesh = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial(), 1);
  let reads = 0;
  Object.defineProperty(mesh, 'count', { get: () => (reads++ === 0 ? 60000 : 60000 + reads) });
  return mesh;
}
