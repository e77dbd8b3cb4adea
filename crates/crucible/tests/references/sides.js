export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const g = new THREE.SphereGeometry(0.12, 24, 16, 0, 4.2, 0.3, 2);
  const ms = [{ side: 0 }, { side: 1 }, { side: 2 }, { side: 2, transparent: true, opacity: 0.5 }, { side: 2, transparent: true, opacity: 0.5, forceSinglePass: true }, { side: 1, transparent: true, opacity: 0.6 }, { side: 2, flatShading: true }, { side: 1, flatShading: true }, { side: 2, metalness: 1, roughness: 0.3 }];
  ms.forEach((m, i) => { const o = at(new THREE.Mesh(g, new THREE.MeshStandardMaterial({ color: 0xbb8855, ...m })), i); o.rotation.set(0.5, i, 0.2); if (i % 2) o.scale.x = -1; });
  return root;
}
