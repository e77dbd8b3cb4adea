// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  return (0, eval)('1');
}
