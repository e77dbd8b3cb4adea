export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const w = 256, h = 128, e = new Float32Array(w * h * 4); for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) { const i = (y * w + x) * 4; e[i] = x / w; e[i + 1] = y / h; e[i + 2] = (x >> 4) % 2 ? 1.5 : 0.1; e[i + 3] = 1; }
  const t = new THREE.DataTexture(e, w, h, THREE.RGBAFormat, THREE.FloatType); t.mapping = 303; t.magFilter = t.minFilter = 1006; t.needsUpdate = true;
  const g = new THREE.SphereGeometry(0.12, 32, 24);
  [{ roughness: 0, metalness: 1 }, { roughness: 0.3, metalness: 1 }, { roughness: 0.7, metalness: 1 }, { roughness: 0.5 }, { roughness: 1, envMapIntensity: 2 }, { roughness: 0.2, clearcoat: 1, color: 0x880000 }, { roughness: 0.5, sheen: 1, sheenColor: new THREE.Color(0.8, 0.2, 0.2) }, { roughness: 0.2, metalness: 1, anisotropy: 0.8 }, { roughness: 0.1, iridescence: 1, metalness: 0.6 }].forEach((m, i) => at(new THREE.Mesh(g, new THREE.MeshPhysicalMaterial({ envMap: t, ...m })), i));
  return root;
}
