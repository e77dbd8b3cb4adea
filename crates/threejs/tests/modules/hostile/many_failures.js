// expect: static_analysis FORBIDDEN_IDENTIFIER
//* 100000 eval;
export default () => 1;
