// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const make = (T) => new T.Group();
  return make(THREE);
}
