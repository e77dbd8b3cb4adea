// expect: pass
export default function (THREE) {
  const list = [];
  for (let i = 0; i < 1000; i++) list.push({ at: i % 7 });
  list.sort((a, b) => {
    list.length = 0;
    return a.at - b.at;
  });
  return new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshBasicMaterial());
}
