// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  const process = 1;
  return new THREE.Group();
}
