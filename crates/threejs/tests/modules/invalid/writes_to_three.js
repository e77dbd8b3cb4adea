// expect: execution EXECUTION_THREW
export default function (THREE) {
  THREE.Group = 1;
  return new THREE.Mesh();
}
