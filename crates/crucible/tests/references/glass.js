export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const tex = (n, fn, o = {}) => { const d = new Uint8Array(n * n * 4); for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) { const c = fn(x / n, y / n), i = (y * n + x) * 4; d[i] = c[0]; d[i + 1] = c[1]; d[i + 2] = c[2]; d[i + 3] = c.length > 3 ? c[3] : 255; } const t = new THREE.DataTexture(d, n, n); t.magFilter = THREE.LinearFilter; t.minFilter = THREE.LinearFilter; for (const k in o) t[k] = o[k]; t.needsUpdate = true; return t; };
  const check = (k) => (u, v) => ((u * k | 0) + (v * k | 0)) % 2 ? [230, 200, 40] : [30, 60, 160];
  const bg = new THREE.Mesh(new THREE.PlaneGeometry(0.98, 0.98), new THREE.MeshStandardMaterial({ map: tex(64, check(12)), side: 2 })); bg.position.z = -0.3; root.add(bg);
  const tr = new THREE.Mesh(new THREE.PlaneGeometry(0.9, 0.1), new THREE.MeshBasicMaterial({ color: 0x00ff00, transparent: true, opacity: 0.5, side: 2 })); tr.position.z = -0.2; root.add(tr);
  const g = new THREE.SphereGeometry(0.13, 32, 24);
  const ms = [{ roughness: 0 }, { roughness: 0.3, thickness: 0.1 }, { roughness: 0.6, thickness: 0.3, ior: 1.3 }, { roughness: 0.1, side: 2, thickness: 0.1 }, { roughness: 0.2, thickness: 0.4, attenuationColor: new THREE.Color(0xff4400), attenuationDistance: 0.2 }, { roughness: 0.05, dispersion: 8, thickness: 0.3, ior: 1.6 }, { transmission: 0.5, color: 0x4488ff, roughness: 0.1 }, { opacity: 0.6, transparent: true, roughness: 0 }, { transmissionMap: tex(16, check(3)), thickness: 0.2, roughness: 0.15, metalness: 0.2 }];
  ms.forEach((m, i) => { const o = at(new THREE.Mesh(i === 3 ? new THREE.BoxGeometry(0.2, 0.2, 0.2) : g, new THREE.MeshPhysicalMaterial({ color: 0xffffff, transmission: 1, ...m })), i); if (i === 3) o.rotation.set(0.4, 0.6, 0); });
  return root;
}
