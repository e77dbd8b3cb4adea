// expect: static_analysis FORBIDDEN_THREE_API
function h({
//* 20000 Scene:[],
}) {}
export default (THREE) => {
//* 50000 h(THREE);
};
