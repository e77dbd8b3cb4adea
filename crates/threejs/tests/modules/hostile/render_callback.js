// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.onBeforeRender = () => { for (;;) {} };
  mesh.material.onBeforeCompile = (shader) => { shader.fragmentShader = 0; };
  return mesh;
}
