// expect: static_analysis IDENTIFIER_NOT_ALLOWED
export default function (THREE) {
  console.log('hello');
  return new THREE.Group();
}
