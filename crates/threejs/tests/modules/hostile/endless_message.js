// expect: execution TIMEOUT_EXCEEDED
export default function (THREE) {
  throw { get message() { for (;;) {} } };
}
