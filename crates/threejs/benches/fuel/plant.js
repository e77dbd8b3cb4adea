// A plant from rewritten text: strings grow, are joined, split and walked.
export default function build(THREE) {
	const SIZE = 1;
	let points;
	for (let part = 0; part < SIZE; part++) {
		const rules = new Map([['F', 'FF-[-F+F+F]+[+F-F-F]']]);
		let text = 'F';
		for (let i = 0; i < 4; i++) text = text.split('').map((letter) => rules.get(letter) ?? letter).join('');
		text = text.replace(/\+\+/g, '+');
		points = [];
		const stack = [];
		let x = 0, y = -0.45, angle = Math.PI / 2;
		for (const letter of text) {
			if (letter === 'F') {
				points.push(new THREE.Vector3(x, y, 0));
				x += Math.cos(angle) * 0.004; y += Math.sin(angle) * 0.004;
				points.push(new THREE.Vector3(x, y, 0));
			} else if (letter === '+') angle += 0.4;
			else if (letter === '-') angle -= 0.4;
			else if (letter === '[') stack.push([x, y, angle]);
			else[x, y, angle] = stack.pop();
		}
	}
	return new THREE.LineSegments(new THREE.BufferGeometry().setFromPoints(points), new THREE.LineBasicMaterial());
}
