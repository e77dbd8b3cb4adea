export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const t8 = new THREE.BufferGeometry(); t8.setAttribute('position', new THREE.Int8BufferAttribute([-100, -100, 0, 100, -100, 0, 0, 100, 0], 3, true)); t8.setAttribute('color', new THREE.Uint8BufferAttribute([255, 0, 0, 0, 255, 0, 0, 0, 255], 3, true));
  const a = at(new THREE.Mesh(t8, new THREE.MeshBasicMaterial({ vertexColors: true, side: 2 })), 0); a.scale.setScalar(0.15);
  const ib = new THREE.InterleavedBuffer(new Float32Array([-0.1, -0.1, 0, 0, 0, 0.1, -0.1, 0, 1, 0, 0, 0.1, 0, 0.5, 1]), 5); const it = new THREE.BufferGeometry(); it.setAttribute('position', new THREE.InterleavedBufferAttribute(ib, 3, 0)); it.setAttribute('uv', new THREE.InterleavedBufferAttribute(ib, 2, 3)); at(new THREE.Mesh(it, new THREE.MeshStandardMaterial({ color: 0xffcc88, side: 2 })), 1);
  const nv = new THREE.SphereGeometry(0.11, 12, 8); nv.deleteAttribute('normal'); at(new THREE.Mesh(nv, new THREE.MeshStandardMaterial({ color: 0x88ccff })), 2);
  const vc = new THREE.SphereGeometry(0.11, 16, 12); at(new THREE.Mesh(vc, new THREE.MeshStandardMaterial({ vertexColors: true })), 3);
  const v4 = new THREE.SphereGeometry(0.11, 16, 12), c4 = []; for (let i = 0; i < v4.attributes.position.count; i++) c4.push(1, i % 2, 0.5, (i % 17) / 16); v4.setAttribute('color', new THREE.Float32BufferAttribute(c4, 4)); at(new THREE.Mesh(v4, new THREE.MeshStandardMaterial({ vertexColors: true, transparent: true })), 4);
  const u32 = new THREE.BufferGeometry(); u32.setAttribute('position', new THREE.Int32BufferAttribute([0, 0, 0, 1, 0, 0, 0, 1, 0], 3)); const o = at(new THREE.Mesh(u32, new THREE.MeshBasicMaterial({ side: 2 })), 5); o.scale.setScalar(0.1);
  const p2 = new THREE.BufferGeometry(); p2.setAttribute('position', new THREE.Float32BufferAttribute([-0.1, -0.1, 0.1, -0.1, 0, 0.1], 2)); at(new THREE.Mesh(p2, new THREE.MeshBasicMaterial({ color: 0x55aa22, side: 2 })), 6);
  at(new THREE.Mesh(new THREE.SphereGeometry(0.1, 12, 8), new THREE.PointsMaterial({ color: 0x8800ff })), 7); at(new THREE.Mesh(new THREE.SphereGeometry(0.1, 12, 8), new THREE.LineBasicMaterial({ color: 0xff0088 })), 8);
  return root;
}
