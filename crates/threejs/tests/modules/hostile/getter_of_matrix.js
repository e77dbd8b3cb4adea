// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  let reads = 0;
  const elements = mesh.matrixWorld.elements;
  Object.defineProperty(mesh.matrixWorld, 'elements', { get: () => (reads++ % 2 ? [NaN] : elements) });
  return mesh;
}
