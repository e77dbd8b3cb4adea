// expect: static_analysis FORBIDDEN_IDENTIFIER
import * as three from 'three';
export default () => new three.Group();
