// expect: pass
// @vertices 72
// @drawCalls 3
// @maxDepth 2
export default function (THREE) {
  const { Group, Mesh, BoxGeometry, MeshBasicMaterial, MathUtils: { lerp } } = THREE;
  const root = new Group();
  const inner = new Group();
  root.add(inner);
  for (const t of [0, 0.5, 1]) {
    const part = new Mesh(new BoxGeometry(0.1, 0.1, 0.1), new MeshBasicMaterial({ color: 0xff8000 }));
    part.position.x = lerp(-0.4, 0.4, t);
    inner.add(part);
  }
  return root;
}
