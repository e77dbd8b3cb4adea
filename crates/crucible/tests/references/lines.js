export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const pts = []; for (let i = 0; i < 80; i++) pts.push(new THREE.Vector3(Math.cos(i / 6) * (0.1 + i * 0.003), i / 100 - 0.4, Math.sin(i / 6) * (0.1 + i * 0.003)));
  const g = new THREE.BufferGeometry().setFromPoints(pts); const col = []; for (let i = 0; i < 80; i++) col.push(i / 80, 1 - i / 80, 0.5); g.setAttribute('color', new THREE.Float32BufferAttribute(col, 3));
  root.add(new THREE.Line(g, new THREE.LineBasicMaterial({ vertexColors: true })));
  const e = new THREE.LineSegments(new THREE.EdgesGeometry(new THREE.BoxGeometry(0.6, 0.4, 0.5)), new THREE.LineDashedMaterial({ color: 0x2222aa, scale: 2, dashSize: 0.06, gapSize: 0.03 })); e.computeLineDistances(); root.add(e);
  root.add(new THREE.LineSegments(new THREE.WireframeGeometry(new THREE.SphereGeometry(0.2, 10, 8)), new THREE.LineBasicMaterial({ color: 0xff6600, transparent: true, opacity: 0.5 })));
  const gi = new THREE.BufferGeometry(); gi.setAttribute('position', new THREE.Float32BufferAttribute([-0.4, 0.4, 0, 0.4, 0.4, 0, 0.4, -0.4, 0, -0.4, -0.4, 0], 3)); gi.setIndex([0, 1, 1, 2, 2, 3, 3, 0, 0, 2]); root.add(new THREE.LineSegments(gi, new THREE.LineBasicMaterial({ color: 0x008800, linewidth: 5 })));
  root.add(new THREE.Mesh(new THREE.TorusKnotGeometry(0.15, 0.04, 48, 8), new THREE.MeshStandardMaterial({ color: 0xaa4488, wireframe: true })));
  const w = new THREE.Mesh(new THREE.BoxGeometry(0.2, 0.2, 0.2, 2, 2, 2), new THREE.MeshBasicMaterial({ color: 0x0000ff, wireframe: true })); w.position.set(0.3, 0.3, 0.1); root.add(w);
  return root;
}
