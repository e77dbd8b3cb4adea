export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const p = new THREE.PlaneGeometry(0.3, 0.3);
  const a = (o, x, y, z, r = 0) => { const m = new THREE.Mesh(p, new THREE.MeshBasicMaterial({ side: 2, ...o })); m.position.set(x, y, z); m.renderOrder = r; root.add(m); };
  a({ color: 0xff0000 }, -0.3, 0.3, 0); a({ color: 0x00ff00 }, -0.25, 0.25, 0); a({ color: 0x0000ff, polygonOffset: true, polygonOffsetFactor: 1, polygonOffsetUnits: 1 }, -0.2, 0.2, 0);
  a({ color: 0xff00ff, depthWrite: false }, 0.25, 0.3, 0.1); a({ color: 0x00ffff }, 0.3, 0.25, 0);
  a({ color: 0xffff00, depthTest: false }, -0.3, -0.2, -0.2); a({ color: 0x884400 }, -0.25, -0.25, 0.1);
  a({ color: 0xffffff, depthFunc: 5 }, 0.2, -0.25, -0.1, 2); a({ color: 0x333333 }, 0.25, -0.3, 0); a({ color: 0xffffff, colorWrite: false }, 0.3, -0.2, 0.2, -1);
  const s = new THREE.Mesh(new THREE.SphereGeometry(0.1, 16, 12), new THREE.MeshStandardMaterial({ color: 0x999999, depthFunc: 4 })); s.renderOrder = 5; root.add(s);
  const s2 = new THREE.Mesh(new THREE.SphereGeometry(0.1, 16, 12), new THREE.MeshStandardMaterial({ color: 0x990000 })); s2.position.x = 0.05; root.add(s2);
  return root;
}
