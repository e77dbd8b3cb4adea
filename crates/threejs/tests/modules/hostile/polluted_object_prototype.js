// expect: post_validation INVALID_RETURN_TYPE
export default function (THREE) {
  Object.prototype.isGroup = true;
  Object.prototype.isObject3D = true;
  Object.prototype.type = 'Group';
  return {};
}
