// Whole arrays at a time: typed arrays filled, copied, mapped and joined.
export default function build(THREE) {
	const SIZE = 1;
	let data;
	for (let part = 0; part < SIZE; part++) {
		const side = 128;
		data = new Uint8Array(side * side * 4).fill(255);
		for (let row = 0; row < side; row++) {
			const line = Array.from({ length: side }, (_, x) => (x * row + part) & 255);
			const texels = Uint8Array.from(line.flatMap((tone) => [tone, 255 - tone, 128, 255]));
			data.set(texels, row * side * 4);
			data.copyWithin(row * side * 4, 0, side);
		}
		data = data.slice().reverse().map((value) => value);
	}
	const texture = new THREE.DataTexture(data, 128, 128);
	texture.needsUpdate = true;
	return new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial({ map: texture }));
}
