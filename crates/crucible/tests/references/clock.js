export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const brass = new THREE.MeshPhysicalMaterial({ color: 0xb08d3a, metalness: 0.9, roughness: 0.3, clearcoat: 0.4 }), wood = new THREE.MeshStandardMaterial({ color: 0x6b4226, roughness: 0.8 }), white = new THREE.MeshStandardMaterial({ color: 0xf8f4e8, roughness: 0.6 }), dark = new THREE.MeshStandardMaterial({ color: 0x222222, roughness: 0.5 });
  const body = new THREE.Mesh(new THREE.CylinderGeometry(0.4, 0.4, 0.1, 64), wood); body.rotation.x = Math.PI / 2; root.add(body);
  const rim = new THREE.Mesh(new THREE.TorusGeometry(0.4, 0.03, 16, 96), brass); rim.position.z = 0.05; root.add(rim);
  const face = new THREE.Mesh(new THREE.CircleGeometry(0.38, 64), white); face.position.z = 0.051; root.add(face);
  for (let i = 0; i < 60; i++) { const t = new THREE.Mesh(new THREE.BoxGeometry(i % 5 ? 0.004 : 0.012, i % 5 ? 0.02 : 0.05, 0.004), dark); const an = i * Math.PI / 30; t.position.set(Math.sin(an) * 0.34, Math.cos(an) * 0.34, 0.054); t.rotation.z = -an; root.add(t); }
  for (const [l, w, an, c] of [[0.2, 0.018, -1, dark], [0.3, 0.012, 2, dark], [0.32, 0.004, 3.5, new THREE.MeshStandardMaterial({ color: 0xcc0000 })]]) { const hg = new THREE.BoxGeometry(w, l, 0.006); hg.translate(0, l / 2 - 0.03, 0); const m = new THREE.Mesh(hg, c); m.rotation.z = an; m.position.z = 0.06; root.add(m); }
  for (let i = 0; i < 24; i++) { const an = i / 24 * Math.PI * 2; const r = new THREE.Mesh(new THREE.CapsuleGeometry(0.006, 0.03, 4, 8), brass); r.position.set(Math.cos(an) * 0.445, Math.sin(an) * 0.445, 0); r.rotation.z = an - Math.PI / 2; root.add(r); }
  return root;
}
