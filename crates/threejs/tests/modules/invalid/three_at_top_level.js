// expect: static_analysis THREE_AT_TOP_LEVEL
const group = new THREE.Group();
export default () => group;
