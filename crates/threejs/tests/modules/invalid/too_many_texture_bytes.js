// expect: post_validation TEXTURE_DATA_EXCEEDED
export default function (THREE) {
  const map = new THREE.DataTexture(new Uint8Array(4194305), 1, 1);
  return new THREE.Mesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial({ map }));
}
