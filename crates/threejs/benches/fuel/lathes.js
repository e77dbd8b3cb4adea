// Turned, extruded and swept shapes with many segments.
export default function build(THREE) {
	const SIZE = 1;
	const group = new THREE.Group();
	for (let part = 0; part < SIZE; part++) {
		const profile = [];
		for (let i = 0; i <= 40; i++) profile.push(new THREE.Vector2(0.1 + 0.04 * Math.sin(i / 4 + part), i / 40 - 0.5));
		const shape = new THREE.Shape();
		for (let i = 0; i < 10; i++) {
			const angle = i / 5 * Math.PI, radius = i % 2 ? 0.2 : 0.4;
			shape[i ? 'lineTo' : 'moveTo'](Math.cos(angle) * radius, Math.sin(angle) * radius);
		}
		const path = new THREE.CatmullRomCurve3(profile.map((p, i) => new THREE.Vector3(p.x, p.y * 0.9, 0.1 * Math.cos(i))));
		const made = [
			new THREE.LatheGeometry(profile, 48),
			new THREE.ExtrudeGeometry(shape, { depth: 0.05, bevelSize: 0.01, bevelThickness: 0.01, bevelSegments: 4, steps: 4 }),
			new THREE.TubeGeometry(path, 160, 0.02, 12),
		];
		if (part === 0) for (const geometry of made) group.add(new THREE.Mesh(geometry, new THREE.MeshPhysicalMaterial()));
	}
	return group;
}
