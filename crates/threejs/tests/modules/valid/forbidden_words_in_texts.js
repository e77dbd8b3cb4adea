// expect: pass
export default function (THREE) {
  // export default async function fetch() { eval("import('fs')"); }
  const text = 'export default function () { return window; }';
  const options = { fetch: text.length, process: /globalThis/.test(text) };
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.name = `${options.fetch} ${options.process} THREE.WebGLRenderer`;
  return mesh;
}
