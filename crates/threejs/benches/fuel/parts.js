// A hundred objects out of primitives.
export default function build(THREE) {
	const SIZE = 1;
	let group;
	for (let part = 0; part < SIZE; part++) {
		group = new THREE.Group();
		for (let i = 0; i < 100; i++) {
			const kind = i % 4;
			const geometry = kind === 0 ? new THREE.BoxGeometry(0.02, 0.02, 0.02) : kind === 1 ? new THREE.SphereGeometry(0.02, 16, 12)
				: kind === 2 ? new THREE.CylinderGeometry(0.01, 0.02, 0.05, 16) : new THREE.TorusGeometry(0.02, 0.005, 8, 24);
			const material = new THREE.MeshStandardMaterial({ color: new THREE.Color().setHSL(i / 100, 0.5, 0.5), roughness: i / 100 });
			const mesh = new THREE.Mesh(geometry, material);
			mesh.position.set(Math.sin(i) * 0.4, i / 125 - 0.4, Math.cos(i) * 0.4);
			mesh.lookAt(0, 0, 0);
			group.add(mesh);
		}
		group.updateMatrixWorld(true);
	}
	return group;
}
