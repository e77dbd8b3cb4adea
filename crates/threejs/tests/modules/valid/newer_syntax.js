// expect: pass
export default function (THREE) {
  const count = 1_0n ** 1n;
  let size = null;
  size ??= Number(count) / 100;
  const shape = { at: { x: size } };
  label: for (;;) {
    for (const [name, value] of Object.entries({ ...shape.at })) {
      if (name === 'x' && value > 0) break label;
    }
  }
  return new THREE.Mesh(new THREE.BoxGeometry(shape?.at?.x, size, size), new THREE.MeshBasicMaterial());
}
