// expect: post_validation BOUNDING_BOX_OUT_OF_RANGE
export default function (THREE) {
  const outer = new THREE.Group();
  const inner = new THREE.Group();
  outer.scale.setScalar(0.01);
  outer.add(inner);
  outer.updateMatrixWorld(true);
  inner.add(new THREE.Mesh(new THREE.BoxGeometry(5, 5, 5), new THREE.MeshBasicMaterial()));
  return inner;
}
