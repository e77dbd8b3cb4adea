// expect: pass
export default function (THREE) {
  const buffer = new THREE.InterleavedBuffer(new Float32Array(30), 3);
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.InterleavedBufferAttribute(buffer, 3, 1e6));
  return new THREE.Points(geometry, new THREE.PointsMaterial());
}
