// Distance of every grid point to the outline, positive inside.
const distances = (lines, { left, bottom, step, columns, rows }) => {
  const segments = [];
  for (const line of lines) {
    for (let k = 0; k < line.length; k += 2) {
      const next = (k + 2) % line.length;
      segments.push([line[k], line[k + 1], line[next], line[next + 1]]);
    }
  }
  const squared = new Float32Array(columns * rows).fill(9);
  const nearest = new Int32Array(columns * rows).fill(-1);
  const offer = (i, j, segment) => {
    if (i < 0 || j < 0 || i >= columns || j >= rows || segment < 0) return;
    const [x0, y0, x1, y1] = segments[segment];
    const [dx, dy, px, py] = [x1 - x0, y1 - y0, left + i * step - x0, bottom + j * step - y0];
    const t = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy)));
    const found = (px - t * dx) ** 2 + (py - t * dy) ** 2;
    const at = j * columns + i;
    if (found < squared[at]) {
      squared[at] = found;
      nearest[at] = segment;
    }
  };

  // Points beside the outline know their segment, and pass it on.
  const crossings = Array.from({ length: rows }, () => []);
  segments.forEach(([x0, y0, x1, y1], segment) => {
    const pieces = Math.ceil((2 * Math.hypot(x1 - x0, y1 - y0)) / step);
    for (let k = 0; k <= pieces; k++) {
      const i = Math.floor((x0 + ((x1 - x0) * k) / pieces - left) / step);
      const j = Math.floor((y0 + ((y1 - y0) * k) / pieces - bottom) / step);
      for (const [a, b] of [[0, 0], [1, 0], [0, 1], [1, 1]]) offer(i + a, j + b, segment);
    }
    const last = (Math.max(y0, y1) - bottom) / step;
    for (let j = Math.ceil((Math.min(y0, y1) - bottom) / step); j < last; j++) {
      crossings[j].push(x0 + ((x1 - x0) * (bottom + j * step - y0)) / (y1 - y0));
    }
  });
  const pass = (way) => {
    for (let k = 0; k < columns * rows; k++) {
      const at = way > 0 ? k : columns * rows - 1 - k;
      const [i, j] = [at % columns, Math.floor(at / columns)];
      if (i - way >= 0 && i - way < columns) offer(i, j, nearest[at - way]);
      if (j - way < 0 || j - way >= rows) continue;
      for (let a = Math.max(0, i - 1); a <= Math.min(columns - 1, i + 1); a++) {
        offer(i, j, nearest[(j - way) * columns + a]);
      }
    }
  };
  pass(1);
  pass(-1);

  const signed = new Float32Array(columns * rows);
  for (let j = 0; j < rows; j++) {
    const ends = crossings[j].sort((a, b) => a - b);
    for (let i = 0, passed = 0; i < columns; i++) {
      while (passed < ends.length && ends[passed] < left + i * step) passed++;
      const at = j * columns + i;
      signed[at] = Math.sqrt(squared[at]) * (passed % 2 ? 1 : -1);
    }
  }
  return signed;
};

// The balls that fit into the outline: for every grid point the radius of the largest one around it (`room`), and the
// square of the height to which they all rise (`dome`).
const balls = (inset, { step, columns, rows }) => {
  const [room, dome] = [new Float32Array(columns * rows), new Float32Array(columns * rows)];
  const around = [-columns - 1, -columns, -columns + 1, -1, 1, columns - 1, columns, columns + 1];
  const apart = [Math.SQRT2, 1, Math.SQRT2, 1, 1, Math.SQRT2, 1, Math.SQRT2];
  for (let j = 1; j < rows - 1; j++) {
    for (let i = 1; i < columns - 1; i++) {
      const at = j * columns + i;
      const radius = inset[at];
      if (radius <= 0) continue;
      // Within a neighbour's ball there is nothing to add.
      if (around.some((by, k) => inset[at + by] - radius > 0.9 * step * apart[k])) continue;
      const reach = Math.floor(radius / step);
      for (let b = -reach; b <= reach; b++) {
        for (let a = -reach; a <= reach; a++) {
          const height = radius * radius - step * step * (a * a + b * b);
          const to = at + b * columns + a;
          if (height <= 0) continue;
          room[to] = Math.max(room[to], radius);
          dome[to] = Math.max(dome[to], height);
        }
      }
    }
  }
  return [room, dome];
};

// Means over squares of the grid, of what is inside alone.
const soften = (values, inset, { columns, rows }, reach) => {
  const mean = (from, stride, length, lines, across) => {
    const to = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      let [sum, count] = [0, 0];
      for (let k = -reach; k < length + reach; k++) {
        const [enters, leaves] = [k + reach, k - reach - 1];
        for (const [end, sign] of [[enters, 1], [leaves, -1]]) {
          const at = line * across + end * stride;
          if (end < 0 || end >= length || inset[at] <= 0) continue;
          sum += sign * from[at];
          count += sign;
        }
        if (k >= 0 && k < length) to[line * across + k * stride] = count ? sum / count : 0;
      }
    }
    return to;
  };
  return mean(mean(values, 1, columns, rows, columns), columns, rows, columns, 1);
};

// A closed surface over an outline: `heights` gives z of its front and its back where the picture shows x, y.
const pillow = (THREE, lines, heights, maps) => {
  const [xs, ys] = [0, 1].map((odd) => lines.flatMap((line) => line.filter((_, k) => k % 2 === odd)));
  const [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const step = Math.max(x1 - x0, y1 - y0) / CELLS;
  const grid = {
    left: x0 - 1.5 * step,
    bottom: y0 - 1.5 * step,
    step,
    columns: Math.ceil((x1 - x0) / step) + 4,
    rows: Math.ceil((y1 - y0) / step) + 4,
  };
  const inset = distances(lines, grid);
  const [sharpRoom, sharpDome] = balls(inset, grid);
  const reach = Math.max(1, Math.round(0.012 / step));
  const room = soften(sharpRoom, inset, grid, reach);
  const dome = soften(sharpDome, inset, grid, 2 * reach).map((soft, at) => {
    const share = Math.min(1, Math.max(0, inset[at] / 0.08));
    return sharpDome[at] + (soft - sharpDome[at]) * share;
  });

  // Every place has two vertices, on the front and on the back.
  const [positions, uvs, fronts, backs] = [[], [], [], []];
  const vertex = (x, y, d, radius, height) => {
    const [front, back] = heights(x, y, d, radius, height);
    const zoom = (EYE[2] - front) / (EYE[2] - RIM);
    const [px, py] = [EYE[0] + (x - EYE[0]) * zoom, EYE[1] + (y - EYE[1]) * zoom];
    positions.push(px, py, front, px, py, back);
    const [u, v] = [(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)];
    uvs.push(u, v, u, v);
    return positions.length / 3 - 2;
  };
  const known = new Map();
  const once = (key, make) => {
    if (!known.has(key)) known.set(key, make());
    return known.get(key);
  };
  const { left, bottom, columns, rows } = grid;
  const node = ([i, j]) => {
    const at = j * columns + i;
    return once(at, () => vertex(left + i * step, bottom + j * step, inset[at], room[at], dome[at]));
  };
  const crossing = (a, b) => {
    const [from, to] = [a, b].map(([i, j]) => j * columns + i);
    return once(`${Math.min(from, to)} ${Math.max(from, to)}`, () => {
      const t = inset[from] / (inset[from] - inset[to]);
      const [x, y] = [0, 1].map((k) => a[k] + (b[k] - a[k]) * t);
      return vertex(left + x * step, bottom + y * step, 0, Math.max(room[from], room[to]), 0);
    });
  };
  for (let j = 0; j + 1 < rows; j++) {
    for (let i = 0; i + 1 < columns; i++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const inside = corners.map(([a, b]) => inset[b * columns + a] > 0);
      const ring = [];
      const rims = [];
      corners.forEach((corner, k) => {
        const after = (k + 1) % 4;
        if (inside[k]) ring.push(node(corner));
        if (inside[k] === inside[after]) return;
        const cut = crossing(corner, corners[after]);
        ring.push(cut);
        rims.push([cut, inside[k]]);
      });
      for (let k = 1; k + 1 < ring.length; k++) {
        fronts.push(ring[0], ring[k], ring[k + 1]);
        backs.push(ring[0] + 1, ring[k + 1] + 1, ring[k] + 1);
      }
      // A wall joins the two along the outline.
      rims.forEach(([a, leaves], k) => {
        if (!leaves) return;
        const [b] = rims[(k + 1) % rims.length];
        fronts.push(b, a, a + 1, b, a + 1, b + 1);
      });
    }
  }
  const surface = new THREE.BufferGeometry();
  surface.setAttribute('position', new THREE.Float32BufferAttribute(positions, 3));
  surface.setAttribute('uv', new THREE.Float32BufferAttribute(uvs, 2));
  surface.setIndex(fronts.concat(backs));
  surface.addGroup(0, fronts.length, 0);
  surface.addGroup(fronts.length, backs.length, 1);
  surface.computeVertexNormals();
  return new THREE.Mesh(surface, maps.map((map) => coat(THREE, map)));
};
