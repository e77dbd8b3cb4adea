// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  [1, 2, 3].sort(() => { for (;;) {} });
}
