// Distance of every grid point to the outline, positive inside.
const distances = (lines, { left, bottom, step, columns, rows }) => {
  const [fromX, fromY, overX, overY] = [[], [], [], []];
  for (const line of lines) {
    for (let k = 0; k < line.length; k += 2) {
      const next = (k + 2) % line.length;
      fromX.push(line[k]);
      fromY.push(line[k + 1]);
      overX.push(line[next] - line[k]);
      overY.push(line[next + 1] - line[k + 1]);
    }
  }
  const lengths = overX.map((dx, k) => Math.hypot(dx, overY[k]));
  const squared = new Float32Array(columns * rows).fill(9);
  const nearest = new Int32Array(columns * rows).fill(-1);
  const offer = (i, j, segment) => {
    const at = j * columns + i;
    if (segment < 0 || segment === nearest[at]) return;
    const px = left + i * step - fromX[segment];
    const py = bottom + j * step - fromY[segment];
    const dx = overX[segment];
    const dy = overY[segment];
    const t = Math.min(1, Math.max(0, (px * dx + py * dy) / (dx * dx + dy * dy)));
    const found = (px - t * dx) * (px - t * dx) + (py - t * dy) * (py - t * dy);
    if (found < squared[at]) {
      squared[at] = found;
      nearest[at] = segment;
    }
  };

  // Points beside the outline know their segment, and pass it on.
  const crossings = Array.from({ length: rows }, () => []);
  for (let segment = 0; segment < fromX.length; segment++) {
    const [x0, y0, dx, dy] = [fromX[segment], fromY[segment], overX[segment], overY[segment]];
    const pieces = Math.ceil((2 * lengths[segment]) / step);
    for (let k = 0; k <= pieces; k++) {
      const i = Math.floor((x0 + (dx * k) / pieces - left) / step);
      const j = Math.floor((y0 + (dy * k) / pieces - bottom) / step);
      offer(i, j, segment);
      offer(i + 1, j, segment);
      offer(i, j + 1, segment);
      offer(i + 1, j + 1, segment);
    }
    const last = (Math.max(y0, y0 + dy) - bottom) / step;
    for (let j = Math.ceil((Math.min(y0, y0 + dy) - bottom) / step); j < last; j++) {
      crossings[j].push(x0 + (dx * (bottom + j * step - y0)) / dy);
    }
  }
  // From the lower left corner to the upper right one, and back; the grid's border stays out.
  for (let j = 1; j < rows; j++) {
    for (let i = 1; i + 1 < columns; i++) {
      const at = j * columns + i;
      offer(i, j, nearest[at - 1]);
      for (let a = -1; a <= 1; a++) offer(i, j, nearest[at - columns + a]);
    }
  }
  for (let j = rows - 2; j >= 0; j--) {
    for (let i = columns - 2; i > 0; i--) {
      const at = j * columns + i;
      offer(i, j, nearest[at + 1]);
      for (let a = -1; a <= 1; a++) offer(i, j, nearest[at + columns + a]);
    }
  }

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
      let k = 0;
      while (k < 8 && inset[at + around[k]] - radius <= 0.9 * step * apart[k]) k++;
      if (k < 8) continue;
      const cells = radius / step;
      for (let b = -Math.floor(cells); b <= cells; b++) {
        const half = Math.floor(Math.sqrt(cells * cells - b * b));
        for (let a = -half, to = at + b * columns - half; a <= half; a++, to++) {
          const height = step * step * (cells * cells - a * a - b * b);
          if (height > dome[to]) dome[to] = height;
          if (radius > room[to]) room[to] = radius;
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
      let sum = 0;
      let count = 0;
      for (let k = -reach; k < length; k++) {
        const enters = line * across + (k + reach) * stride;
        if (k + reach < length && inset[enters] > 0) {
          sum += from[enters];
          count++;
        }
        const leaves = line * across + (k - reach - 1) * stride;
        if (k > reach && inset[leaves] > 0) {
          sum -= from[leaves];
          count--;
        }
        if (k >= 0) to[line * across + k * stride] = count ? sum / count : 0;
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
      const at = j * columns + i;
      if (Math.max(inset[at], inset[at + 1], inset[at + columns], inset[at + columns + 1]) <= 0) continue;
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
        backs.push(b, a, a + 1, b, a + 1, b + 1);
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
