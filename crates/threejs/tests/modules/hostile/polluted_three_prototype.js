// expect: pass
export default function (THREE) {
  THREE.Object3D.prototype.traverse = () => 1;
  THREE.BufferGeometry.prototype.computeBoundingBox = () => 1;
  return new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
}
