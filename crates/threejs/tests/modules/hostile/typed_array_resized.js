// expect: pass
export default function (THREE) {
  const buffer = new ArrayBuffer(288);
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  const array = new Float32Array(buffer);
  array.set(mesh.geometry.attributes.position.array);
  mesh.geometry.setAttribute('position', new THREE.BufferAttribute(array, 3));
  buffer.transfer(0);
  return mesh;
}
