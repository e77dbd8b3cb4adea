// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const o = {};
  o.three = THREE;
  return new o.three.Group();
}
