export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const w = 256, h = 128, mk = (k) => { const e = new Uint8Array(w * h * 4); for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) { const i = (y * w + x) * 4; e[i] = x; e[i + 1] = y * 2; e[i + 2] = (x >> 4) % 2 ? 255 : 20; e[i + 3] = 255; } const t = new THREE.DataTexture(e, w, h); t.mapping = k; t.magFilter = t.minFilter = 1006; t.needsUpdate = true; return t; };
  const g = new THREE.SphereGeometry(0.12, 32, 24), a = mk(303), b = mk(304);
  [{ envMap: a }, { envMap: b, refractionRatio: 0.8 }, { envMap: a, combine: 1, reflectivity: 0.5, color: 0xff0000 }, { envMap: a, combine: 2, reflectivity: 0.5, color: 0x004400 }].forEach((m, i) => at(new THREE.Mesh(g, new THREE.MeshBasicMaterial(m)), i));
  return root;
}
