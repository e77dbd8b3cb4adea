// A body turned about an upright axis. Profile: radius and height in turn, from the bottom to the top.
const turn = (THREE, profile, [x, y, z], lean, map) => {
  const points = [];
  for (let k = 0; k < profile.length; k += 2) points.push(new THREE.Vector2(profile[k], profile[k + 1]));
  const rings = new THREE.Path(points).getSpacedPoints(RINGS);
  const body = new THREE.LatheGeometry(rings, SECTORS, -Math.PI, 2 * Math.PI);
  body.rotateZ(-lean);
  body.translate(x, y, z);
  return new THREE.Mesh(body, coat(THREE, map));
};
