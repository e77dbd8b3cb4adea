// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  for (;;) {}
}
