export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const n = tex(32, (u, v) => [128 + 90 * Math.sin(u * 40), 128 + 90 * Math.cos(v * 40), 210]), b = tex(32, (u, v) => { const h = 128 + 127 * Math.sin(u * 30) * Math.sin(v * 30); return [h, h, h]; });
  const g = new THREE.TorusGeometry(0.09, 0.04, 20, 40), gt = new THREE.TorusGeometry(0.09, 0.04, 20, 40); gt.computeTangents();
  const ms = [{ normalMap: n }, { normalMap: n, tan: 1 }, { normalMap: n, normalMapType: 1 }, { normalMap: n, side: 1 }, { normalMap: n, side: 2, normalScale: new THREE.Vector2(2, -1) }, { bumpMap: b, bumpScale: 5, side: 1 }, { bumpMap: b, bumpScale: -5, side: 2 }, { normalMap: n, flatShading: true }, { normalMap: n, mirror: 1 }];
  ms.forEach(({ tan, mirror, ...m }, i) => { const o = at(new THREE.Mesh(tan ? gt : g, new THREE.MeshStandardMaterial({ color: 0xaaaaaa, roughness: 0.4, ...m })), i); o.rotation.set(0.4, 0.3 * i, 0); if (mirror) o.scale.set(-1, 1.2, 0.7); });
  return root;
}
