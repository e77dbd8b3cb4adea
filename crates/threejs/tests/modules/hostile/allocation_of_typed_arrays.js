// expect: execution HEAP_EXCEEDED
export default function (THREE) {
  const kept = [];
  for (;;) kept.push(new Float64Array(1e6));
}
