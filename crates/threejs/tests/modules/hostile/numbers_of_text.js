// expect: pass
export default function (THREE) {
  const mesh = new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
  mesh.position.set('0.1', null, [0]);
  mesh.renderOrder = {};
  mesh.visible = 'yes';
  mesh.material.opacity = 'half';
  mesh.material.side = -3;
  mesh.material.color = null;
  return mesh;
}
