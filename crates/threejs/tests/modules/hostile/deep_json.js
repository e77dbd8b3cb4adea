// expect: execution EXECUTION_THREW
export default function (THREE) {
  return JSON.parse('['.repeat(1e6));
}
