// expect: parse PARSE_ERROR
export default (a) => {
//* 20000 if (a) a; else 
a; };
