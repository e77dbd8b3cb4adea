// expect: execution EXECUTION_THREW
export default function (THREE) {
  return 2n ** (2n ** 40n);
}
