// expect: static_analysis THREE_ALIAS_FORBIDDEN
export default function (THREE) {
  const o = { make(THREE) { return new THREE.Group(); } };
  return o.make(THREE);
}
