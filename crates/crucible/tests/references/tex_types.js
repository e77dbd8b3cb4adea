export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const mk = (d, w, h, f, t, o = {}) => { const x = new THREE.DataTexture(d, w, h, f, t); for (const k in o) x[k] = o[k]; x.needsUpdate = true; return x; };
  const half = new Uint16Array(64); for (let i = 0; i < 64; i++) half[i] = 0x3000 + i * 60; const fl = new Float32Array(64); for (let i = 0; i < 64; i++) fl[i] = i % 4 === 3 ? 1 : (i % 13) / 9 - 0.2; const by = new Uint8Array(64); for (let i = 0; i < 64; i++) by[i] = i * 4;
  const list = [mk(half, 4, 4, 1023, 1016, { magFilter: 1006 }), mk(fl, 4, 4, 1023, 1015, { magFilter: 1006 }), mk(by, 4, 4, 1023, 1009, { colorSpace: 'srgb', magFilter: 1006 }), mk(fl, 8, 4, 1030, 1015), mk(half, 8, 8, 1028, 1016), mk(by, 8, 4, 1030, 1009, { colorSpace: 'srgb' }), mk(by, 8, 8, 1028, 1009, { wrapS: 1000, repeat: new THREE.Vector2(2, 0.5) }), new THREE.DataTexture(by, 4, 4), mk(by, 3, 5, 1023, 1009, { flipY: true, magFilter: 1006 })];
  const g = new THREE.PlaneGeometry(0.27, 0.27); g.setAttribute('uv1', new THREE.Float32BufferAttribute([1, 0, 1, 1, 0, 0, 0, 1], 2));
  list.forEach((t, i) => { if (i === 4) t.channel = 1; at(new THREE.Mesh(g, new THREE.MeshBasicMaterial({ map: t, side: 2 })), i); });
  return root;
}
