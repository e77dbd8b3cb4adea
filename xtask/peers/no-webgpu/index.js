// Stands in for the package of this name (68 MB): splat-transform imports it at start and uses it on a GPU only.
export const globals = {};
export const create = () => {
  throw new Error("there is no GPU here");
};
