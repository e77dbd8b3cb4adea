// expect: execution HEAP_EXCEEDED
export default function (THREE) {
  const kept = new Map();
  for (let i = 0; ; i++) kept.set(i, [i]);
}
