// expect: post_validation INVALID_RETURN_TYPE
export default function (THREE) {
  return { isObject3D: false };
}
