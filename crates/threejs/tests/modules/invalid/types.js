// expect: parse PARSE_ERROR
export default (THREE: object): object => new THREE.Group();
