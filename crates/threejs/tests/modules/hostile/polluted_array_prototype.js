// expect: post_validation EMPTY_SCENE
export default function (THREE) {
  Array.prototype.push = () => 1;
  Array.prototype[Symbol.iterator] = null;
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  return mesh;
}
