// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  const M = Math;
  return new THREE.Mesh(new THREE.BoxGeometry(M.random(), 1, 1));
}
