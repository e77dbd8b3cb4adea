// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  return import.meta.url;
}
