// expect: execution EXECUTION_THREW
export default function (THREE) {
  throw Symbol('s');
}
