// expect: pass
// @vertices 4
// @textureBytes 64
export default function (THREE) {
  const data = new Uint8Array(64).map((_, i) => i * 4);
  const map = new THREE.DataTexture(data, 4, 4, THREE.RGBAFormat);
  map.needsUpdate = true;
  return new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial({ map }));
}
