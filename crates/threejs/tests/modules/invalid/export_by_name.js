// expect: static_analysis MISSING_DEFAULT_EXPORT
const build = (THREE) => new THREE.Group();
export { build as default };
