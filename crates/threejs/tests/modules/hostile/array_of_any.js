// expect: post_validation EMPTY_SCENE
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.geometry.attributes.position.array = { length: 72, 0: '0.1', 1: {}, 2: null };
  return mesh;
}
