export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const g = new THREE.ConeGeometry(0.06, 0.15, 12), mt = (c) => new THREE.MeshStandardMaterial({ color: c, roughness: 0.3 });
  const a = new THREE.Group(); a.rotation.set(0.3, 0.4, 0.5, 'ZYX'); a.scale.set(1, 1.5, 0.6); const b = new THREE.Mesh(g, mt(0xcc2244)); b.rotation.z = 0.7; a.add(b); at(a, 0);
  const c = new THREE.Mesh(g, mt(0x22cc44)); c.matrixAutoUpdate = false; c.matrix.makeRotationZ(1).setPosition(0, 0.3, 0); root.add(c);
  const d = at(new THREE.Mesh(g, mt(0x2244cc)), 2); d.scale.set(-1, -1, -1); const e = at(new THREE.Mesh(g, mt(0xcccc22)), 3); e.quaternion.set(0.2, 0.5, 0.1, 0.8);
  const f = at(new THREE.Mesh(g, mt(0x22cccc)), 4); f.lookAt(1, 1, 1); const h = at(new THREE.Mesh(g, mt(0xcc22cc)), 5); h.scale.set(2, 0.3, 1); h.rotation.x = 1;
  const n = at(new THREE.Group(), 7); n.scale.set(-1, 1, 1); const k = new THREE.Mesh(g, mt(0xdddddd)); k.rotation.y = 0.5; n.add(k); root.rotation.y = 0.2; root.scale.setScalar(0.95);
  return root;
}
