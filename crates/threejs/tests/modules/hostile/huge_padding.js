// expect: execution EXECUTION_THREW
export default function (THREE) {
  return 'x'.padEnd(1e10);
}
