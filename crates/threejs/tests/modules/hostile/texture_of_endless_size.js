// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial());
  mesh.material.map = new THREE.DataTexture([], Infinity, NaN);
  mesh.material.map.needsUpdate = true;
  return mesh;
}
