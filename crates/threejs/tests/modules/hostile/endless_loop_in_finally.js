// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  for (;;) {
    try {
      throw 1;
    } catch {
      continue;
    } finally {
      continue;
    }
  }
}
