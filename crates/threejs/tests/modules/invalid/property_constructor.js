// expect: static_analysis FORBIDDEN_PROPERTY_ACCESS
export default function (THREE) {
  return [].constructor.constructor('return 1')();
}
