// expect: execution HEAP_EXCEEDED
export default function (THREE) {
  const kept = [];
  for (;;) kept.push({ a: 1, b: [1, 2, 3] });
}
