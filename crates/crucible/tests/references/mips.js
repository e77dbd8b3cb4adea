export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const f = (u, v) => ((u * 16 | 0) + (v * 16 | 0)) % 2 ? [255, 255, 255] : [0, 0, 40];
  const o = (x) => ({ wrapS: 1000, wrapT: 1000, ...x });
  const list = [tex(128, f, o({ generateMipmaps: true, minFilter: 1008 })), tex(128, f, o({ generateMipmaps: true, minFilter: 1008, anisotropy: 8 })), tex(128, f, o({ generateMipmaps: true, minFilter: 1004, magFilter: 1003 })), tex(128, f, o({ generateMipmaps: true, minFilter: 1005 })), tex(128, f, o({ generateMipmaps: true, minFilter: 1007 })), tex(128, f, o({ generateMipmaps: true, minFilter: 1008, colorSpace: 'srgb', anisotropy: 16 })), tex(100, f, o({ generateMipmaps: true, minFilter: 1008 })), tex(128, f, o({ minFilter: 1008 })), tex(64, f, o({ generateMipmaps: true, minFilter: 1008, wrapS: 1002, wrapT: 1001 }))];
  list.forEach((t, i) => { t.repeat.set(3, 3); const m = at(new THREE.Mesh(new THREE.PlaneGeometry(0.28, 0.28), new THREE.MeshBasicMaterial({ map: t, side: 2 })), i); m.rotation.x = -0.2 - i * 0.12; m.rotation.y = i * 0.1; });
  return root;
}
