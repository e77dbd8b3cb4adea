// expect: pass
// @vertices 24
// @drawCalls 1
// @instances 8
export default function (THREE) {
  const mesh = new THREE.InstancedMesh(new THREE.BoxGeometry(0.1, 0.1, 0.1), new THREE.MeshStandardMaterial(), 8);
  const matrix = new THREE.Matrix4();
  for (let i = 0; i < 8; i++) {
    mesh.setMatrixAt(i, matrix.makeTranslation((i - 3.5) / 10, 0, 0));
    mesh.setColorAt(i, new THREE.Color(i / 8, 0.5, 0.5));
  }
  return mesh;
}
