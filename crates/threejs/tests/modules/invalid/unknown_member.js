// expect: static_analysis UNKNOWN_THREE_API
export default function (THREE) {
  return new THREE.HelixGeometry();
}
