// expect: execution EXECUTION_THREW
export default function (THREE) {
  throw { toString() { throw new Error('no'); }, get message() { throw new Error('no'); } };
}
