// expect: post_validation TEXTURE_DATA_EXCEEDED
export default function (THREE) {
  const data = new Uint8Array(8388608);
  Object.defineProperty(data, 'byteLength', { get: () => 1 });
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial());
  mesh.material.map = new THREE.DataTexture(data, 2048, 1024);
  mesh.material.map.needsUpdate = true;
  return mesh;
}
