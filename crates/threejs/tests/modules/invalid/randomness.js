// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  return new THREE.Mesh(new THREE.BoxGeometry(Math.random(), 1, 1));
}
