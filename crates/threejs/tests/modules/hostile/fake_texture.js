// expect: post_validation EXECUTION_THREW
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.material.map = { isTexture: true, isDataTexture: true, image: { data: new Uint8Array(4194304), width: 1, height: 1 } };
  return mesh;
}
