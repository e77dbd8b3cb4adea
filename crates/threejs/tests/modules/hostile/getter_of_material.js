// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  let reads = 0;
  const { material } = mesh;
  Object.defineProperty(mesh, 'material', { get: () => (reads++ % 2 ? [null, undefined, 1, material] : material) });
  return mesh;
}
