// A field of balls on a grid, and a quad for every cell side where it changes sign.
export default function build(THREE) {
	const SIZE = 1;
	let mesh;
	for (let part = 0; part < SIZE; part++) {
		const n = 28, balls = [];
		for (let k = 0; k < 8; k++) balls.push([Math.sin(k * 2.1) * 0.25, Math.cos(k * 1.7) * 0.25, Math.sin(k * 0.9 + part) * 0.25]);
		const field = new Float32Array(n * n * n);
		const at = (x, y, z) => (z * n + y) * n + x;
		for (let z = 0; z < n; z++) for (let y = 0; y < n; y++) for (let x = 0; x < n; x++) {
			let sum = -24;
			for (const [bx, by, bz] of balls) {
				const dx = x / n - 0.5 - bx, dy = y / n - 0.5 - by, dz = z / n - 0.5 - bz;
				sum += 1 / (dx * dx + dy * dy + dz * dz + 0.001);
			}
			field[at(x, y, z)] = sum;
		}
		const positions = [], indices = [];
		const quad = (x, y, z, u, v) => {
			const first = positions.length / 3;
			for (const [s, t] of [[0, 0], [1, 0], [1, 1], [0, 1]])
				positions.push((x + u[0] * s + v[0] * t) / n - 0.5, (y + u[1] * s + v[1] * t) / n - 0.5, (z + u[2] * s + v[2] * t) / n - 0.5);
			indices.push(first, first + 1, first + 2, first, first + 2, first + 3);
		};
		const axes = [[1, 0, 0], [0, 1, 0], [0, 0, 1]];
		for (let z = 0; z < n - 1; z++) for (let y = 0; y < n - 1; y++) for (let x = 0; x < n - 1; x++) {
			const inside = field[at(x, y, z)] > 0;
			for (let a = 0; a < 3; a++) {
				const [dx, dy, dz] = axes[a];
				if (inside !== field[at(x + dx, y + dy, z + dz)] > 0) quad(x + dx, y + dy, z + dz, axes[(a + 1) % 3], axes[(a + 2) % 3]);
			}
		}
		const geometry = new THREE.BufferGeometry();
		geometry.setAttribute('position', new THREE.Float32BufferAttribute(positions, 3));
		geometry.setIndex(indices);
		geometry.computeVertexNormals();
		mesh = new THREE.Mesh(geometry, new THREE.MeshStandardMaterial({ side: THREE.DoubleSide }));
	}
	return mesh;
}
