// expect: static_analysis FORBIDDEN_THREE_API
export default function (THREE) {
  return new THREE.PointLight();
}
