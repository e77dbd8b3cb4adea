// expect: pass
export default (three) => new three.Mesh(new three.BoxGeometry(0.5, 0.5, 0.5), new three.MeshBasicMaterial());
