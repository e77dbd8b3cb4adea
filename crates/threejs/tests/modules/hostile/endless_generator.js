// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  const forever = function* () { for (;;) yield 1; };
  for (const one of forever()) if (one === 2) return null;
  return 1;
}
