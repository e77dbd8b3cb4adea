export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const g = new THREE.BoxGeometry(0.03, 0.03, 0.03);
  const m = new THREE.InstancedMesh(g, new THREE.MeshStandardMaterial({ color: 0xffffff, roughness: 0.4, metalness: 0.2 }), 400);
  const d = new THREE.Object3D(), c = new THREE.Color();
  for (let i = 0; i < 400; i++) { const a = i * 0.3, r = 0.05 + i * 0.0009; d.position.set(Math.cos(a) * r, i * 0.002 - 0.4, Math.sin(a) * r); d.rotation.set(i, i * 0.7, 0); d.scale.set(1 + (i % 3) * 0.3, 1, i % 7 === 0 ? -1 : 1); d.updateMatrix(); m.setMatrixAt(i, d.matrix); c.setHSL(i / 400, 0.8, 0.5); m.setColorAt(i, c); }
  root.add(m);
  const s = new THREE.InstancedMesh(new THREE.SphereGeometry(0.02, 12, 8), new THREE.MeshPhysicalMaterial({ color: 0x88aaff, transparent: true, opacity: 0.5, clearcoat: 1 }), 30);
  for (let i = 0; i < 30; i++) { d.position.set((i % 6 - 2.5) * 0.15, 0.42, (Math.floor(i / 6) - 2) * 0.15); d.rotation.set(0, 0, 0); d.scale.set(1, 1, 1); d.updateMatrix(); s.setMatrixAt(i, d.matrix); }
  s.count = 25; root.add(s);
  return root;
}
