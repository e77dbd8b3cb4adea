// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  let reads = 0;
  const { position } = mesh.geometry.attributes;
  const { array } = position;
  Object.defineProperty(position, 'array', { get: () => (reads++ % 2 ? new Float32Array(1) : array) });
  return mesh;
}
