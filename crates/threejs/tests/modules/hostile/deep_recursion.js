// expect: execution EXECUTION_THREW
export default function (THREE) {
  const f = () => f() + 1;
  return f();
}
