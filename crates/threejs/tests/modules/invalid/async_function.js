// expect: static_analysis ASYNC_NOT_ALLOWED
export default async (THREE) => new THREE.Group();
