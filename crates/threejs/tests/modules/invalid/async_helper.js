// expect: static_analysis ASYNC_NOT_ALLOWED
export default function (THREE) {
  const load = async () => 1;
  load();
  return new THREE.Group();
}
