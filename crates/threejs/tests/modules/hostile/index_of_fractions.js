// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.setIndex(new THREE.BufferAttribute(new Float32Array([0.5, NaN, -1]), 1));
  return mesh;
}
