// expect: static_analysis MISSING_DEFAULT_EXPORT
export default class {}
