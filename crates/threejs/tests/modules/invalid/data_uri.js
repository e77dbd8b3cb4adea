// expect: static_analysis LITERAL_BUDGET_EXCEEDED
export default function (THREE) {
  const picture = 'data:image/png;base64,AAAA';
  return new THREE.Mesh(picture);
}
