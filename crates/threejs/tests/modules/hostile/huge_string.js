// expect: execution HEAP_EXCEEDED
export default function (THREE) {
  let text = 'xxxxxxxx';
  for (;;) text = (text + text).toUpperCase();
}
