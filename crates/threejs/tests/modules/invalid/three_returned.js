// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const get = () => THREE;
  return new (get().Group)();
}
