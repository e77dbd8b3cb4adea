export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const r = tex(32, (u, v) => [u * 255, v * 255, (1 - u) * 255]), d = tex(32, (u, v) => { const h = 255 * Math.abs(Math.sin(u * 12) * Math.sin(v * 12)); return [h, h, h]; });
  const g = new THREE.SphereGeometry(0.11, 40, 28), p = new THREE.PlaneGeometry(0.25, 0.25, 30, 30); for (const q of [g, p]) q.setAttribute('uv1', q.attributes.uv);
  const ms = [{ aoMap: r, aoMapIntensity: 1 }, { lightMap: r, lightMapIntensity: 2 }, { displacementMap: d, displacementScale: 0.06, displacementBias: -0.02 }, { displacementMap: d, displacementScale: 0.08, plane: 1, side: 2 }, { roughnessMap: r, metalnessMap: r, metalness: 1 }, { map: r, vertexColors: true }, { emissive: 0x884400, emissiveIntensity: 2, emissiveMap: r }, { basic: 1, map: r, aoMap: r, lightMap: d, specularMap: r, alphaMap: d, transparent: true }, { toneMapped: false, color: 0xff8800, emissive: 0x332211 }];
  ms.forEach(({ basic, plane, ...m }, i) => at(new THREE.Mesh(plane ? p : g, basic ? new THREE.MeshBasicMaterial(m) : new THREE.MeshStandardMaterial(m)), i));
  return root;
}
