export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const n = 300, p = [], c = []; let s = 7; const rnd = () => (s = (s * 16807) % 2147483647) / 2147483647;
  for (let i = 0; i < n; i++) { p.push(rnd() - 0.5, rnd() * 0.4 + 0.05, rnd() - 0.5); c.push(rnd(), rnd(), rnd(), rnd()); }
  const g = new THREE.BufferGeometry(); g.setAttribute('position', new THREE.Float32BufferAttribute(p, 3)); g.setAttribute('color', new THREE.Float32BufferAttribute(c, 4));
  root.add(new THREE.Points(g, new THREE.PointsMaterial({ size: 0.05, vertexColors: true, transparent: true })));
  const g2 = new THREE.BufferGeometry(); g2.setAttribute('position', new THREE.Float32BufferAttribute(p.map((v, i) => i % 3 === 1 ? -v : v), 3));
  root.add(new THREE.Points(g2, new THREE.PointsMaterial({ size: 0.08, map: tex(16, check(4)), alphaMap: tex(16, (u, v) => { const d = (u - 0.5) ** 2 + (v - 0.5) ** 2; return [0, d < 0.2 ? 255 : 0, 0]; }), alphaTest: 0.5 })));
  root.add(new THREE.Points(new THREE.SphereGeometry(0.2, 16, 12), new THREE.PointsMaterial({ color: 0xff2200, size: 0.001 })));
  root.add(new THREE.Points(new THREE.BoxGeometry(0.9, 0.9, 0.9, 3, 3, 3), new THREE.PointsMaterial({ color: 0x2200ff, size: 3.5, sizeAttenuation: false, opacity: 0.5, transparent: true, blending: THREE.AdditiveBlending })));
  return root;
}
