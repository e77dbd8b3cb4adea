// expect: execution RUNTIME_VIOLATION
export default function (THREE) {
  const F = (function* () {})?.constructor;
  return new F('yield 1')();
}
