// expect: post_validation VERTEX_LIMIT_EXCEEDED
export default function (THREE) {
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.BufferAttribute(new Float32Array(250001 * 3), 3));
  return new THREE.Points(geometry, new THREE.PointsMaterial());
}
