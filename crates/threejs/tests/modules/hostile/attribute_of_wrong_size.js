// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.setAttribute('normal', new THREE.BufferAttribute(new Float32Array(2), 3));
  mesh.geometry.setAttribute('uv', new THREE.BufferAttribute(new Uint8Array(7), 99));
  return mesh;
}
