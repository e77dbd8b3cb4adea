// expect: static_analysis LITERAL_BUDGET_EXCEEDED
const data = '\
//* 51201 x
';
export default (THREE) => (data, new THREE.Group());
