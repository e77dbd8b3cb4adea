// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  Object.prototype.isGroup = true;
  Object.prototype.isObject3D = true;
  Object.prototype.type = 'Group';
  return {};
}
