// Equal vertices found through a map of texts, neighbours through sets, then smoothed.
export default function build(THREE) {
	const SIZE = 1;
	let geometry;
	for (let part = 0; part < SIZE; part++) {
		const loose = new THREE.IcosahedronGeometry(0.4, 12);
		const position = loose.attributes.position, seen = new Map(), vertices = [], index = [];
		for (let i = 0; i < position.count; i++) {
			const v = new THREE.Vector3().fromBufferAttribute(position, i);
			const key = `${Math.round(v.x * 1e5)},${Math.round(v.y * 1e5)},${Math.round(v.z * 1e5)}`;
			if (!seen.has(key)) { seen.set(key, vertices.length); vertices.push(v); }
			index.push(seen.get(key));
		}
		const near = vertices.map(() => new Set());
		for (let i = 0; i < index.length; i += 3) for (let k = 0; k < 3; k++) {
			near[index[i + k]].add(index[i + (k + 1) % 3]); near[index[i + k]].add(index[i + (k + 2) % 3]);
		}
		const smooth = vertices.map((v, i) => {
			const sum = v.clone();
			for (const other of near[i]) sum.add(vertices[other]);
			return sum.divideScalar(near[i].size + 1);
		});
		geometry = new THREE.BufferGeometry().setFromPoints(smooth);
		geometry.setIndex(index);
		geometry.computeVertexNormals();
	}
	return new THREE.Mesh(geometry, new THREE.MeshStandardMaterial());
}
