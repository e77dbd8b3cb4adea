// expect: pass
class Part {
  #size;
  static count = 0;
  constructor(THREE, size = 0.1) {
    this.#size = size;
    this.mesh = new THREE.Mesh(new THREE.SphereGeometry(this.#size / 2, 8, 4), new THREE.MeshStandardMaterial());
    Part.count += 1;
  }
  get x() { return this.mesh.position.x; }
  set x(value) { this.mesh.position.x = value; }
}
function* each(THREE, count) {
  for (let i = 0; i < count; i++) {
    const part = new Part(THREE);
    part.x = i / 10;
    yield part.mesh;
  }
}
export default function (THREE) {
  const parts = [...each(THREE, 3)];
  return parts.reduce((group, part) => group.add(part), new THREE.Group());
}
