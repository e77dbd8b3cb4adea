export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const bg = new THREE.Mesh(new THREE.PlaneGeometry(0.95, 0.5), new THREE.MeshBasicMaterial({ color: 0x6688aa, side: 2 })); bg.position.z = -0.1; root.add(bg);
  const g = new THREE.PlaneGeometry(0.22, 0.22);
  const ms = [{ blending: 2, opacity: 0.6 }, { blending: 2, transparent: true, opacity: 0.6 }, { blending: 5, blendSrc: 204, blendDst: 205, blendEquation: 100, transparent: true, opacity: 0.5 }, { blending: 5, blendSrc: 206, blendDst: 200, blendEquation: 101, transparent: true, opacity: 0.5 }, { blending: 5, blendEquation: 103, transparent: true, opacity: 0.7 }, { blending: 5, blendEquation: 104, transparent: true, opacity: 0.7 }, { blending: 0, opacity: 0.5, transparent: true }, { blending: 4, premultipliedAlpha: true, transparent: true, opacity: 0.5 }, { blending: 3, premultipliedAlpha: true, transparent: true, opacity: 0.5 }];
  ms.forEach((m, i) => at(new THREE.Mesh(g, new THREE.MeshBasicMaterial({ color: 0xff9944, side: 2, ...m })), i));
  return root;
}
