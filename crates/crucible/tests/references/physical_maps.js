export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const c = tex(32, (u, v) => [u * 255, v * 255, 128, 255 * (1 - u)]), k = tex(32, (u, v) => [128 + 100 * Math.sin(u * 30), 128 + 100 * Math.sin(v * 30), 200]);
  const g = new THREE.SphereGeometry(0.13, 40, 28);
  const ms = [{ clearcoat: 1, clearcoatMap: c, clearcoatRoughness: 0.5, clearcoatRoughnessMap: c }, { clearcoat: 1, clearcoatNormalMap: k, color: 0x882222 }, { sheen: 1, sheenColor: new THREE.Color(1, 0.5, 0.2), sheenColorMap: c, sheenRoughness: 0.6, sheenRoughnessMap: c }, { iridescence: 1, iridescenceMap: c, iridescenceThicknessMap: c, iridescenceThicknessRange: [200, 800], metalness: 0.5, roughness: 0.3 }, { anisotropy: 1, anisotropyMap: k, metalness: 1, roughness: 0.4 }, { specularIntensity: 1, specularIntensityMap: c, specularColor: new THREE.Color(1, 0.3, 0.3), specularColorMap: c, roughness: 0.3 }, { normalMap: k, clearcoat: 0.8, clearcoatRoughness: 0.2 }, { bumpMap: c, bumpScale: 10, sheen: 0.7, sheenColor: new THREE.Color(0x3366ff) }, { ior: 2.2, reflectivity: 0.9, iridescence: 0.7, anisotropy: 0.6, anisotropyRotation: 1, clearcoat: 0.5, sheen: 0.5, sheenColor: new THREE.Color(0.4, 0.1, 0.1) }];
  ms.forEach((m, i) => at(new THREE.Mesh(g, new THREE.MeshPhysicalMaterial({ color: 0xbbaa99, roughness: 0.5, ...m })), i));
  return root;
}
