// Classes and vectors: points that drift in a field, step by step.
export default function build(THREE) {
	const SIZE = 1;
	class Bird {
		constructor(i) {
			this.place = new THREE.Vector3(Math.sin(i), Math.cos(i * 1.3), Math.sin(i * 0.7)).multiplyScalar(0.3);
			this.speed = new THREE.Vector3();
		}
		step(centre) {
			const pull = centre.clone().sub(this.place).multiplyScalar(0.02);
			const turn = new THREE.Vector3().crossVectors(this.place, pull).multiplyScalar(0.5);
			this.speed.add(pull).add(turn).clampLength(0, 0.02);
			this.place.add(this.speed).clampLength(0, 0.45);
		}
	}
	const birds = [];
	for (let i = 0; i < 200; i++) birds.push(new Bird(i));
	for (let step = 0; step < 25 * SIZE; step++) {
		const centre = birds.reduce((sum, bird) => sum.add(bird.place), new THREE.Vector3()).divideScalar(birds.length);
		for (const bird of birds) bird.step(centre);
	}
	const mesh = new THREE.InstancedMesh(new THREE.ConeGeometry(0.01, 0.03, 8), new THREE.MeshStandardMaterial(), birds.length);
	birds.forEach((bird, i) => mesh.setMatrixAt(i, new THREE.Matrix4().setPosition(bird.place)));
	return mesh;
}
