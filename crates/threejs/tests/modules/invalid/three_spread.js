// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const all = { ...THREE };
  return new all.Group();
}
