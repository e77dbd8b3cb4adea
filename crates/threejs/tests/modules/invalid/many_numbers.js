// expect: static_analysis LITERAL_BUDGET_EXCEEDED
const data = [
//* 11000 0.125,
0.1];
export default (THREE) => (data, new THREE.Group());
