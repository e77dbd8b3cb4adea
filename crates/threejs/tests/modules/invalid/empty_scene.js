// expect: post_validation EMPTY_SCENE
export default function (THREE) {
  return new THREE.Group();
}
