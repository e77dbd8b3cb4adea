// expect: parse PARSE_ERROR
<!-- fetch(); -->
export default (THREE) => new THREE.Group();
