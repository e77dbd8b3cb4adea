// expect: post_validation INVALID_RETURN_TYPE
export default function (THREE) {
  return new THREE.BoxGeometry(1, 1, 1);
}
