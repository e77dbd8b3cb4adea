// expect: static_analysis COMPUTED_PROPERTY_ACCESS
export default function (THREE) {
  return new THREE['Group']();
}
