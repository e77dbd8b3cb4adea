// expect: parse PARSE_ERROR
const aÿ = 1;
export default (THREE) => new THREE.Group();
