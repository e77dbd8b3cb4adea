// Fractal noise on a grid, through the attribute's setters, and normals.
export default function build(THREE) {
	const SIZE = 1;
	const hash = (x, y) => {
		const h = Math.imul(x, 374761393) + Math.imul(y, 668265263);
		const k = Math.imul(h ^ (h >>> 13), 1274126177);
		return ((k ^ (k >>> 16)) >>> 0) / 4294967296;
	};
	const smooth = (t) => t * t * (3 - 2 * t);
	const noise = (x, y) => {
		const xi = Math.floor(x), yi = Math.floor(y), u = smooth(x - xi), v = smooth(y - yi);
		const a = hash(xi, yi), b = hash(xi + 1, yi), c = hash(xi, yi + 1), d = hash(xi + 1, yi + 1);
		return a + (b - a) * u + (c - a) * v + (a - b - c + d) * u * v;
	};
	const group = new THREE.Group();
	for (let part = 0; part < SIZE; part++) {
		const ground = new THREE.PlaneGeometry(0.9, 0.9, 100, 100);
		const position = ground.attributes.position;
		for (let i = 0; i < position.count; i++) {
			let height = 0;
			for (let octave = 0, size = 4, weight = 0.05; octave < 6; octave++, size *= 2, weight /= 2)
				height += weight * noise(position.getX(i) * size + part, position.getY(i) * size);
			position.setZ(i, height);
		}
		ground.computeVertexNormals();
		if (part === 0) group.add(new THREE.Mesh(ground, new THREE.MeshStandardMaterial()));
	}
	return group;
}
