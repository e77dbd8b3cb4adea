// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  return /^(a+)+$/.test('a'.repeat(40) + 'b');
}
