// expect: pass
export default ({ Mesh, BoxGeometry, MeshBasicMaterial }) => new Mesh(new BoxGeometry(0.5, 0.5, 0.5), new MeshBasicMaterial());
