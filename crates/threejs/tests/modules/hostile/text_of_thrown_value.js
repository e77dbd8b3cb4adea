// expect: execution EXECUTION_THREW
export default function (THREE) {
  throw 'x'.repeat(1e7);
}
