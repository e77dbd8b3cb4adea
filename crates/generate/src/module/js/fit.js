// Nothing leaves the unit box.
const within = (THREE, asset) => {
  const box = new THREE.Box3().setFromObject(asset);
  const size = box.getSize(new THREE.Vector3());
  const scale = Math.min(1, 0.9999 / Math.max(size.x, size.y, size.z));
  const reach = (low, high) => Math.min(Math.max(0, -0.49995 - low * scale), 1) - Math.max(0, high * scale - 0.49995);
  asset.scale.setScalar(scale);
  asset.position.set(reach(box.min.x, box.max.x), reach(box.min.y, box.max.y), reach(box.min.z, box.max.z));
  return asset;
};
