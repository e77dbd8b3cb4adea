// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(-0.5, -0.5, -0.5), new THREE.MeshBasicMaterial());
  mesh.material.map = new THREE.DataTexture(new Uint8Array(4), -1, -1);
  mesh.material.map.needsUpdate = true;
  return mesh;
}
