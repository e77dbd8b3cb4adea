// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.PlaneGeometry(1, 1), new THREE.MeshBasicMaterial());
  mesh.material.map = new THREE.DataTexture(new Float32Array(4), 1, 1, THREE.RGBAFormat, THREE.UnsignedByteType);
  mesh.material.map.needsUpdate = true;
  return mesh;
}
