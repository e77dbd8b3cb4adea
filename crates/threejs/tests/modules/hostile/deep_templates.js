// expect: parse PARSE_ERROR
export default (a) => a
//* 50000 `${
