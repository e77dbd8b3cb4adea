// expect: static_analysis FORBIDDEN_THREE_API
export default function (THREE) {
  const { Mesh, WebGLRenderer } = THREE;
  return new Mesh(new WebGLRenderer());
}
