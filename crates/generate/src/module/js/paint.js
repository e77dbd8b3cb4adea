// A texture painted with strokes: soft ellipses, each laid over what is below. Seven numbers a stroke: x and y of its
// middle from the upper left corner, its two radii, its turn in degrees, the hardness of its edge, its colour. Lengths
// are 2000ths of the longer side.
const paint = (THREE, width, height, wraps, ground, strokes) => {
  const canvas = new Float32Array(3 * width * height);
  const channels = (hex) => [(hex >> 16) & 255, (hex >> 8) & 255, hex & 255];
  const below = channels(ground);
  for (let k = 0; k < 3; k++) {
    for (let at = k; at < canvas.length; at += 3) canvas[at] = below[k];
  }

  const lay = (middleX, middleY, [a, b, c], edge, [red, green, blue]) => {
    const halfY = Math.sqrt(a / (a * c - b * b));
    const last = Math.min(height - 1, Math.floor(middleY + halfY - 0.5));
    for (let y = Math.max(0, Math.ceil(middleY - halfY - 0.5)); y <= last; y++) {
      const dy = y + 0.5 - middleY;
      const middle = middleX - (b * dy) / a;
      const halfX = Math.sqrt(Math.max(0, (b * b - a * c) * dy * dy + a)) / a;
      const first = Math.max(0, Math.ceil(middle - halfX - 0.5));
      const end = Math.min(width - 1, Math.floor(middle + halfX - 0.5));
      // Along a row the stroke covers by a parabola.
      const top = edge * (1 + ((b * b) / a - c) * dy * dy);
      for (let x = first, at = 3 * (y * width + first); x <= end; x++, at += 3) {
        const dx = x + 0.5 - middle;
        let share = top - edge * a * dx * dx;
        if (share > 1) share = 1;
        canvas[at] += (red - canvas[at]) * share;
        canvas[at + 1] += (green - canvas[at + 1]) * share;
        canvas[at + 2] += (blue - canvas[at + 2]) * share;
      }
    }
  };

  const unit = Math.max(width, height) / 2000;
  for (let k = 0; k < strokes.length; k += 7) {
    const [x, y, across, along, turn, edge, colour] = strokes.slice(k, k + 7);
    const [cos, sin] = [Math.cos((turn * Math.PI) / 180), Math.sin((turn * Math.PI) / 180)];
    const [p, q] = [1 / (across * unit) ** 2, 1 / (along * unit) ** 2];
    const form = [cos * cos * p + sin * sin * q, sin * cos * (p - q), sin * sin * p + cos * cos * q];
    for (const turns of wraps ? [-1, 0, 1] : [0]) {
      lay(x * unit + turns * width, y * unit, form, edge, channels(colour));
    }
  }

  // Textures start with their lowest row.
  const texels = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = 3 * (y * width + x);
      const to = 4 * ((height - 1 - y) * width + x);
      texels[to] = canvas[from] + 0.5;
      texels[to + 1] = canvas[from + 1] + 0.5;
      texels[to + 2] = canvas[from + 2] + 0.5;
      texels[to + 3] = 255;
    }
  }
  const texture = new THREE.DataTexture(texels, width, height);
  texture.colorSpace = THREE.SRGBColorSpace;
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearFilter;
  if (wraps) texture.wrapS = THREE.RepeatWrapping;
  texture.needsUpdate = true;
  return texture;
};

// The painting has light in it already: part of it glows by itself, the rest takes the light of the scene.
const coat = (THREE, map) => {
  const material = new THREE.MeshStandardMaterial({ map, emissiveMap: map, roughness: 1 });
  material.color.setScalar(LIT_COLOUR);
  material.emissive.setScalar(GLOW);
  material.toneMapped = false;
  return material;
};
