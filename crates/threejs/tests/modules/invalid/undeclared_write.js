// expect: static_analysis IDENTIFIER_NOT_ALLOWED
export default function (THREE) {
  leaked = 1;
  return new THREE.Group();
}
