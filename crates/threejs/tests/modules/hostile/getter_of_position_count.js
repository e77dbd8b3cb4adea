// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  let reads = 0;
  Object.defineProperty(mesh.geometry.attributes.position, 'count', { get: () => (reads++ % 2 ? 1000 : 24) });
  return mesh;
}
