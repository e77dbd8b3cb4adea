// expect: post_validation EMPTY_SCENE
export default function (THREE) {
  Object.defineProperty(Object.prototype, 'min', { set() {}, get() { return 0; }, configurable: true });
  return new THREE.Group();
}
