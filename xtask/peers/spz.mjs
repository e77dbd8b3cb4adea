// Reads and writes SPZ with the C++ library of the format's makers (@adobe/spz: compiled to WebAssembly).
// Usage: CRUCIBLE_PEERS=FOLDER node spz.mjs read IN.spz OUT.values FRAME
//        CRUCIBLE_PEERS=FOLDER node spz.mjs write IN.values OUT.spz FRAME VERSION
// FRAME is a name like RUB, or UNSPECIFIED: that of the values. A values file is little-endian: three u32 (splats, SH
// degree, 1 if trained with antialiasing), then f32 of all positions, log scales, rotations (x, y, z, w), logits, f_dc,
// SH ([splat, coefficient, channel]).
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { installed } from "./find.mjs";

const [verb, from, to, frame, version] = process.argv.slice(2);
const { default: load } = await import(pathToFileURL(installed("@adobe", "spz", "dist", "spz.js")));
const spz = await load();
const ATTRIBUTES = ["positions", "scales", "rotations", "alphas", "colors", "sh"];

if (verb === "read") {
  const cloud = spz.loadSpzFromBuffer(new Uint8Array(readFileSync(from)), { to: spz.CoordinateSystem[frame] });
  const header = new Uint32Array([cloud.numPoints, cloud.shDegree, cloud.antialiased ? 1 : 0]);
  const parts = [header, ...ATTRIBUTES.map((name) => new Float32Array(cloud[name]))];
  writeFileSync(to, Buffer.concat(parts.map((part) => Buffer.from(part.buffer))));
} else if (verb === "write") {
  const bytes = new Uint8Array(readFileSync(from)).buffer;
  const [count, degree, antialiased] = new Uint32Array(bytes, 0, 3);
  const values = new Float32Array(bytes, 12);
  const lengths = [3, 3, 4, 1, 3, 3 * ((degree + 1) ** 2 - 1)].map((n) => n * count);
  const cloud = { numPoints: count, shDegree: degree, antialiased: antialiased === 1, extensions: [] };
  let at = 0;
  ATTRIBUTES.forEach((name, idx) => {
    cloud[name] = values.slice(at, at + lengths[idx]);
    at += lengths[idx];
  });
  const options = { from: spz.CoordinateSystem[frame], version: Number(version), sh1Bits: 5, shRestBits: 4 };
  writeFileSync(to, spz.saveSpzToBuffer(cloud, options));
} else {
  console.error("usage: spz.mjs read|write IN OUT FRAME [VERSION]");
  process.exit(2);
}
