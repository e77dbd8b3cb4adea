// expect: pass
// @vertices 250000
// @drawCalls 200
// @instances 50000
// @maxDepth 2
export default function (THREE) {
  const material = new THREE.PointsMaterial();
  const root = new THREE.Group();
  const geometry = new THREE.BufferGeometry();
  geometry.setAttribute('position', new THREE.BufferAttribute(new Float32Array(250000 * 3), 3));
  root.add(new THREE.Points(geometry, material));
  const empty = new THREE.BufferGeometry();
  empty.setAttribute('position', new THREE.BufferAttribute(new Float32Array(0), 3));
  root.add(new THREE.InstancedMesh(empty, new THREE.MeshBasicMaterial(), 50000));
  const inner = new THREE.Group();
  for (let i = 0; i < 198; i++) inner.add(new THREE.Points(empty, material));
  return root.add(inner);
}
