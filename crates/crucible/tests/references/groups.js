export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const b = new THREE.BoxGeometry(0.3, 0.3, 0.3);
  const ms = [0xff0000, 0x00ff00, 0x0000ff, 0xffff00, 0xff00ff].map((c) => new THREE.MeshStandardMaterial({ color: c })); ms.push(new THREE.MeshBasicMaterial({ color: 0x00ffff, transparent: true, opacity: 0.4 }));
  const m = new THREE.Mesh(b, ms); m.position.set(-0.25, 0.2, 0); m.rotation.set(0.4, 0.5, 0); root.add(m);
  const g = new THREE.SphereGeometry(0.15, 24, 16); g.clearGroups(); g.addGroup(0, 600, 0); g.addGroup(600, 900, 1); g.addGroup(1500, 9999, 7); g.setDrawRange(120, 1500);
  const n = new THREE.Mesh(g, [ms[0], ms[2]]); n.position.set(0.25, 0.2, 0); root.add(n);
  const c = new THREE.CylinderGeometry(0.1, 0.12, 0.25, 24); c.setDrawRange(30, 150); const o = new THREE.Mesh(c, new THREE.MeshStandardMaterial({ color: 0xccaa66, side: THREE.DoubleSide })); o.position.set(-0.25, -0.25, 0); root.add(o);
  const p = new THREE.Group(); p.renderOrder = 3; const q = new THREE.Mesh(new THREE.PlaneGeometry(0.25, 0.25), new THREE.MeshBasicMaterial({ color: 0x333399, depthTest: false, side: THREE.DoubleSide })); p.add(q); p.position.set(0.25, -0.25, -0.2); root.add(p);
  const r = new THREE.Mesh(new THREE.SphereGeometry(0.12, 24, 16), new THREE.MeshStandardMaterial({ color: 0xdddddd })); r.position.set(0.25, -0.25, 0.1); r.renderOrder = 9; root.add(r);
  const hid = new THREE.Group(); hid.visible = false; hid.add(new THREE.Mesh(b, ms[0])); root.add(hid);
  const lay = new THREE.Mesh(b, ms[1]); lay.layers.set(1); root.add(lay);
  return root;
}
