// expect: parse PARSE_ERROR
export default function (THREE) {
  return new THREE.Group(;
}
