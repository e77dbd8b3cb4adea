// Points in order of distance, by a comparing function and by typed arrays.
export default function build(THREE) {
	const SIZE = 1;
	let geometry;
	for (let part = 0; part < SIZE; part++) {
		let state = 1 + part;
		const random = () => (state = Math.imul(state, 1664525) + 1013904223 >>> 0) / 4294967296;
		const points = [];
		for (let i = 0; i < 8000; i++) points.push({ id: i, x: random() - 0.5, y: random() - 0.5, z: random() - 0.5 });
		points.sort((a, b) => Math.hypot(a.x, a.y, a.z) - Math.hypot(b.x, b.y, b.z));
		const heights = Float32Array.from(points, (point) => point.y).sort();
		const names = points.map((point) => `p${point.id}`).sort();
		const near = points.filter((point) => point.y > heights[1000] && names.length > 10).slice(0, 4000);
		geometry = new THREE.BufferGeometry().setFromPoints(near);
	}
	return new THREE.Points(geometry, new THREE.PointsMaterial({ size: 0.01 }));
}
