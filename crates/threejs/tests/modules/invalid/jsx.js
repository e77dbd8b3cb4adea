// expect: parse PARSE_ERROR
export default (THREE) => <group />;
