// expect: static_analysis FORBIDDEN_THREE_API
export default (T) => new T.TextureLoader();
