// expect: execution EXECUTION_THREW
export default function (THREE) {
  return new THREE.Mesh(THREE.LuminanceFormat);
}
