// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  f\u0065tch('/');
  return \u{67}lobalThis;
}
