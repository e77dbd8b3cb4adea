// expect: static_analysis ASYNC_NOT_ALLOWED
const size = await 1;
export default (THREE) => new THREE.Group();
