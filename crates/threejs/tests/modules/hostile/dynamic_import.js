// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  import('fs');
  return new THREE.Group();
}
