// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.morphAttributes.position = [new THREE.BufferAttribute(new Float32Array(3), 3)];
  return mesh;
}
