// expect: static_analysis MULTIPLE_TOP_LEVEL_EXPORTS
export const size = 1;
export default (THREE) => new THREE.Group();
