// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const T = THREE;
  return new T.Group();
}
