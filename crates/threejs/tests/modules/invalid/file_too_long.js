// expect: parse FILE_SIZE_EXCEEDED
export default () => 1;
//* 1048576  
