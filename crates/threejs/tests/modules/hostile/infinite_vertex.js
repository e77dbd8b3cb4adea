// expect: post_validation BOUNDING_BOX_OUT_OF_RANGE
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.attributes.position.setXYZ(3, 0, Infinity, 0);
  return mesh;
}
