// expect: parse PARSE_ERROR
export default function (THREE) {
  with (THREE) return new Group();
}
