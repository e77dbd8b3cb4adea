// expect: static_analysis COMPUTED_PROPERTY_ACCESS
export default function (THREE) {
  return new THREE.Mesh(new THREE.BoxGeometry(Math['max'](1, 2), 1, 1));
}
