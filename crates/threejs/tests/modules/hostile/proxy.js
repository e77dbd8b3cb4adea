// expect: static_analysis FORBIDDEN_IDENTIFIER
export default function (THREE) {
  return new Proxy(new THREE.Group(), { get: () => true });
}
