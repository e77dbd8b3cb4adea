// A texture of 256 by 256 texels, computed texel by texel.
export default function build(THREE) {
	const SIZE = 1;
	let texture;
	for (let part = 0; part < SIZE; part++) {
		const side = 256, data = new Uint8Array(side * side * 4);
		for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
			const u = x / side - 0.5, v = y / side - 0.5;
			const warp = 0.04 * Math.sin(9 * u + 5 * v) + 0.02 * Math.cos(23 * v + part);
			const ring = Math.sqrt(u * u + v * v) * 30 + warp * 40;
			const tone = 0.6 + 0.4 * Math.pow(Math.abs(Math.sin(ring)), 0.7);
			const at = (y * side + x) * 4;
			data[at] = Math.min(255, 190 * tone); data[at + 1] = 120 * tone; data[at + 2] = 60 * tone; data[at + 3] = 255;
		}
		texture = new THREE.DataTexture(data, side, side);
		texture.needsUpdate = true;
	}
	return new THREE.Mesh(new THREE.SphereGeometry(0.4), new THREE.MeshStandardMaterial({ map: texture }));
}
