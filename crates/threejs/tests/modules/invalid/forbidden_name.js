// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  fetch('/');
  return new THREE.Group();
}
