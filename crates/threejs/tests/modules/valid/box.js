// expect: pass
// @vertices 24
// @drawCalls 1
// @maxDepth 1
// @instances 0
// @textureBytes 0
export default (THREE) => new THREE.Mesh(new THREE.BoxGeometry(1, 1, 1), new THREE.MeshStandardMaterial());
