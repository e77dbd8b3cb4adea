// expect: static_analysis FORBIDDEN_THREE_API
export default function (THREE) {
  return new THR\u0045E.\u0053cene();
}
