// expect: execution TIMEOUT_EXCEEDED
for (;;) {}
export default () => 1;
