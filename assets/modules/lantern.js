// A garden lantern: wooden frame, frosted glass, a glowing flame, a tiled roof of instances, moss from a data texture.
// It faces +Z and fits into the unit box.
export default function (THREE) {
  const lantern = new THREE.Group();

  // A small noise for the textures: the same numbers on every run.
  let seed = 7;
  const noise = () => {
    seed = (seed * 16807) % 2147483647;
    return seed / 2147483647;
  };

  // Wood grain: rings along u, speckles everywhere.
  const side = 64;
  const grain = new Uint8Array(side * side * 4);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const ring = 0.5 + 0.5 * Math.sin(x * 0.55 + 2.2 * Math.sin(y * 0.12) + noise() * 0.7);
      const at = 4 * (y * side + x);
      grain[at] = 120 + 70 * ring + 15 * noise();
      grain[at + 1] = 70 + 48 * ring + 12 * noise();
      grain[at + 2] = 38 + 26 * ring + 8 * noise();
      grain[at + 3] = 255;
    }
  }
  const woodMap = new THREE.DataTexture(grain, side, side);
  woodMap.colorSpace = THREE.SRGBColorSpace;
  woodMap.wrapS = THREE.RepeatWrapping;
  woodMap.wrapT = THREE.RepeatWrapping;
  woodMap.magFilter = THREE.LinearFilter;
  woodMap.minFilter = THREE.LinearFilter;
  woodMap.needsUpdate = true;

  const wood = new THREE.MeshStandardMaterial({ map: woodMap, roughness: 0.75 });
  const stone = new THREE.MeshStandardMaterial({ color: 0x8a8f86, roughness: 0.95, flatShading: true });
  const brass = new THREE.MeshPhysicalMaterial({
    color: 0xd8a648, metalness: 0.85, roughness: 0.3, clearcoat: 0.6, clearcoatRoughness: 0.15,
  });
  const glass = new THREE.MeshPhysicalMaterial({
    color: 0xfff1d6, roughness: 0.35, transmission: 0.85, thickness: 0.02, ior: 1.45, side: THREE.DoubleSide,
  });
  const flame = new THREE.MeshStandardMaterial({
    color: 0xffb347, emissive: 0xff8a1e, emissiveIntensity: 2.2, roughness: 0.6,
  });
  const tile = new THREE.MeshPhysicalMaterial({
    color: 0xffffff, roughness: 0.55, sheen: 0.5, sheenColor: new THREE.Color(0xffd0b0), sheenRoughness: 0.5,
  });

  const add = (geometry, material, x, y, z) => {
    const mesh = new THREE.Mesh(geometry, material);
    mesh.position.set(x, y, z);
    lantern.add(mesh);
    return mesh;
  };

  // Stone foot, in three steps.
  add(new THREE.CylinderGeometry(0.27, 0.3, 0.06, 8), stone, 0, -0.46, 0);
  add(new THREE.CylinderGeometry(0.2, 0.25, 0.05, 8), stone, 0, -0.405, 0);
  add(new THREE.BoxGeometry(0.38, 0.03, 0.38), wood, 0, -0.365, 0);

  // Posts, beams and bars of the house.
  const post = new THREE.BoxGeometry(0.034, 0.4, 0.034);
  const beam = new THREE.BoxGeometry(0.38, 0.034, 0.04);
  for (const x of [-1, 1]) {
    for (const z of [-1, 1]) add(post, wood, 0.16 * x, -0.15, 0.16 * z);
  }
  for (let turn = 0; turn < 4; turn++) {
    const angle = (turn * Math.PI) / 2;
    const wall = new THREE.Group();
    wall.rotation.y = angle;
    const top = new THREE.Mesh(beam, wood);
    top.position.set(0, 0.06, 0.16);
    const pane = new THREE.Mesh(new THREE.PlaneGeometry(0.29, 0.38), glass);
    pane.position.set(0, -0.15, 0.152);
    const bar = new THREE.Mesh(new THREE.BoxGeometry(0.012, 0.38, 0.012), wood);
    bar.position.set(0, -0.15, 0.16);
    const rail = new THREE.Mesh(new THREE.BoxGeometry(0.29, 0.012, 0.012), wood);
    rail.position.set(0, -0.1, 0.16);
    wall.add(top, pane, bar, rail);
    lantern.add(wall);
  }

  // The flame, on a brass dish: a turned profile.
  const profile = [];
  for (let step = 0; step <= 16; step++) {
    const t = step / 16;
    profile.push(new THREE.Vector2(0.055 * Math.sin(Math.PI * Math.pow(t, 0.6)) + 0.0005, -0.09 + 0.2 * t));
  }
  add(new THREE.LatheGeometry(profile, 24), flame, 0, -0.17, 0);
  add(new THREE.CylinderGeometry(0.07, 0.05, 0.03, 24), brass, 0, -0.28, 0);
  add(new THREE.CylinderGeometry(0.02, 0.03, 0.07, 16), brass, 0, -0.32, 0);

  // The roof: rings of tiles on a pyramid, every tile a little different.
  const rows = 7;
  const perSide = 9;
  let count = 0;
  for (let row = 0; row < rows; row++) count += 4 * (perSide - row);
  const tiles = new THREE.InstancedMesh(new THREE.BoxGeometry(0.056, 0.012, 0.075), tile, count);
  const place = new THREE.Object3D();
  const color = new THREE.Color();
  let index = 0;
  for (let row = 0; row < rows; row++) {
    const t = row / (rows - 1);
    const reach = 0.27 - 0.22 * t;
    const height = 0.1 + 0.2 * t * (0.75 + 0.25 * t);
    const n = perSide - row;
    for (let turn = 0; turn < 4; turn++) {
      const angle = (turn * Math.PI) / 2;
      for (let i = 0; i < n; i++) {
        const along = (i - (n - 1) / 2) * ((2 * reach) / n);
        place.position.set(
          along * Math.cos(angle) + reach * Math.sin(angle),
          height + 0.006 * noise(),
          -along * Math.sin(angle) + reach * Math.cos(angle),
        );
        place.rotation.set(0, angle, 0);
        place.rotateX(0.72 + 0.06 * noise());
        place.updateMatrix();
        tiles.setMatrixAt(index, place.matrix);
        color.setHSL(0.02 + 0.03 * noise(), 0.5, 0.2 + 0.12 * noise());
        tiles.setColorAt(index, color);
        index++;
      }
    }
  }
  lantern.add(tiles);
  add(new THREE.ConeGeometry(0.35, 0.22, 4), wood, 0, 0.17, 0).rotation.y = Math.PI / 4;

  // The knob on top, and a ring to hang it from.
  add(new THREE.SphereGeometry(0.045, 24, 16), brass, 0, 0.34, 0);
  add(new THREE.TorusGeometry(0.05, 0.012, 12, 32), brass, 0, 0.41, 0);

  return lantern;
}
