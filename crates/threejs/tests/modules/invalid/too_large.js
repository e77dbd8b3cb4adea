// expect: post_validation BOUNDING_BOX_OUT_OF_RANGE
export default function (THREE) {
  return new THREE.Mesh(new THREE.BoxGeometry(1, 1.0001, 1), new THREE.MeshBasicMaterial());
}
