// expect: post_validation BOUNDING_BOX_OUT_OF_RANGE
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(5, 5, 5), new THREE.MeshBasicMaterial());
  mesh.geometry.boundingBox = new THREE.Box3(new THREE.Vector3(), new THREE.Vector3(0.1, 0.1, 0.1));
  return mesh;
}
