// expect: execution RUNTIME_VIOLATION
export default function (THREE) {
  const { constructor: F } = () => 1;
  return new F('return this')();
}
