export default function generate(THREE) {
  const root = new THREE.Group();
  const at = (m, i, n = 3) => { m.position.set((i % n - (n - 1) / 2) * (0.9 / n), ((n - 1) / 2 - Math.floor(i / n)) * (0.9 / n), 0); root.add(m); return m; };
  const mats = [0xcc4444, 0x44cc44, 0x4444cc, 0xcccc44, 0x44cccc, 0xcc44cc].map((c, i) => new THREE.MeshStandardMaterial({ color: c, roughness: 0.2 + i * 0.13, metalness: (i % 3) * 0.4, side: i === 5 ? THREE.DoubleSide : THREE.FrontSide, flatShading: i === 4 }));
  const pts = []; for (let i = 0; i < 10; i++) pts.push(new THREE.Vector2(Math.sin(i * 0.4) * 0.05 + 0.03, (i - 5) * 0.02));
  const shape = new THREE.Shape(); shape.moveTo(0, 0); shape.lineTo(0.1, 0); shape.bezierCurveTo(0.15, 0.05, 0.1, 0.1, 0.05, 0.12); shape.lineTo(0, 0.1);
  const curve = new THREE.CatmullRomCurve3([new THREE.Vector3(-0.08, -0.05, 0), new THREE.Vector3(0, 0.08, 0.05), new THREE.Vector3(0.08, -0.05, -0.05)]);
  const gs = [new THREE.BoxGeometry(0.13, 0.1, 0.15), new THREE.SphereGeometry(0.08, 24, 16), new THREE.CylinderGeometry(0.05, 0.08, 0.15, 20), new THREE.ConeGeometry(0.07, 0.15, 16), new THREE.CapsuleGeometry(0.04, 0.08, 6, 12),
    new THREE.TorusGeometry(0.06, 0.025, 12, 32), new THREE.TorusKnotGeometry(0.05, 0.018, 64, 8), new THREE.PlaneGeometry(0.14, 0.14, 3, 3), new THREE.CircleGeometry(0.08, 24), new THREE.RingGeometry(0.03, 0.08, 24),
    new THREE.IcosahedronGeometry(0.08, 1), new THREE.DodecahedronGeometry(0.08), new THREE.OctahedronGeometry(0.08), new THREE.LatheGeometry(pts, 20), new THREE.ExtrudeGeometry(shape, { depth: 0.04, bevelSize: 0.008, bevelThickness: 0.008, bevelSegments: 3 }),
    new THREE.TubeGeometry(curve, 32, 0.015, 8), new THREE.ShapeGeometry(shape), new THREE.TetrahedronGeometry(0.08, 0)];
  gs.forEach((g, i) => { const m = at(new THREE.Mesh(g, mats[i % 6]), i, 5); m.rotation.set(i * 0.3, i * 0.5, 0); });
  return root;
}
