// expect: execution EXECUTION_THREW
export default function (THREE) {
  let deep = [];
  for (let i = 0; i < 1e5; i++) deep = [deep];
  return String(deep);
}
