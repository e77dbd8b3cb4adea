// expect: execution ASYNC_NOT_ALLOWED
export default function (THREE) {
  const f = () => 1;
  f.then = () => 1;
  return f;
}
