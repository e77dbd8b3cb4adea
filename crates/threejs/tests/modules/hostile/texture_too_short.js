// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial());
  mesh.material.map = new THREE.DataTexture(new Uint8Array(4), 4096, 4096);
  mesh.material.map.needsUpdate = true;
  return mesh;
}
