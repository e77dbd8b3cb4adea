// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  class Odd extends Float32Array {
    get length() { return 3000; }
  }
  mesh.geometry.setAttribute('position', new THREE.BufferAttribute(new Odd([0, 0, 0]), 3));
  return mesh;
}
