// expect: execution RUNTIME_VIOLATION
export default function (THREE) {
  const f = () => 1;
  return f['constructor']('return 1')();
}
