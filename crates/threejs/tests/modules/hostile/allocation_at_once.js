// expect: execution HEAP_EXCEEDED
export default function (THREE) {
  return new Uint8Array(2e9);
}
