// expect: module_load EXECUTION_THREW
throw new Error('early');
export default (THREE) => new THREE.Group();
