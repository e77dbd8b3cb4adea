// expect: pass
// ÿþÀ€í € stands in a comment
export default (THREE) => new THREE.Mesh(new THREE.BoxGeometry(1, 1, 1), new THREE.MeshBasicMaterial());
