// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  let T;
  T ??= THREE;
  return new T.Group();
}
