// expect: post_validation EMPTY_SCENE
export default function (THREE) {
  const mesh = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshBasicMaterial(), 1);
  mesh.count = -1e9;
  return mesh;
}
