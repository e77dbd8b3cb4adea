export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const al = tex(32, (u, v) => [255, Math.hypot(u - 0.5, v - 0.5) * 500 | 0, 255]);
  const rg = tex(32, (u, v) => [u * 255, v * 255, 128, (Math.sin(u * 20) * 0.5 + 0.5) * 255]);
  const s = new THREE.SphereGeometry(0.12, 32, 24);
  const ms = [{ alphaHash: true, opacity: 0.5, color: 0xcc3333 }, { alphaToCoverage: true, map: rg }, { alphaToCoverage: true, alphaTest: 0.5, map: rg }, { dithering: true, color: 0x334455 }, { map: rg, alphaTest: 0.4, side: 2 }, { map: rg, transparent: true, side: 2 }, { alphaMap: al, transparent: true, side: 2, forceSinglePass: true }, { opacity: 0.3, color: 0x00ff88 }, { map: rg, premultipliedAlpha: true, transparent: true }];
  ms.forEach((m, i) => at(new THREE.Mesh(s, new THREE.MeshStandardMaterial(m)), i));
  return root;
}
