// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial());
  const map = new THREE.DataTexture(new Uint8Array(4), 1, 1);
  let reads = 0;
  Object.defineProperty(map, 'image', { get: () => (reads++ % 2 ? { width: 1e9, height: 1e9, data: null } : { width: 1, height: 1, data: new Uint8Array(4) }) });
  mesh.material.map = map;
  return mesh;
}
