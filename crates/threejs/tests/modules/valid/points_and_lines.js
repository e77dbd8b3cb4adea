// expect: pass
// @vertices 5
// @drawCalls 2
export default function (THREE) {
  const points = new THREE.BufferGeometry();
  points.setAttribute('position', new THREE.Float32BufferAttribute([0, 0, 0, 0.1, 0, 0, 0, 0.1, 0], 3));
  const line = new THREE.BufferGeometry().setFromPoints([new THREE.Vector3(), new THREE.Vector3(0.2, 0.2, 0)]);
  const root = new THREE.Group();
  root.add(new THREE.Points(points, new THREE.PointsMaterial({ size: 0.02 })));
  root.add(new THREE.LineSegments(line, new THREE.LineBasicMaterial()));
  return root;
}
