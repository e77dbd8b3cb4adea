// Reads and writes SPZ with the C++ library of the format's makers (@adobe/spz: compiled to WebAssembly).
// Usage: CRUCIBLE_PEERS=FOLDER node spz.mjs JOB [, JOB ...], where JOB is one of
//   read IN.spz OUT.values FRAME
//   write IN.values OUT.spz FRAME VERSION STORED_FRAME
// A frame is a name like RUB: FRAME is that of the values, STORED_FRAME that of the file (UNSPECIFIED: no record says).
// A values file is little-endian: three u32 (splats, SH degree, 1 if trained with antialiasing), then f32 of all positions,
// log scales, rotations (x, y, z, w), logits, f_dc, SH ([splat, coefficient, channel]).
import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { installed } from "./find.mjs";

const { default: load } = await import(pathToFileURL(installed("@adobe", "spz", "dist", "spz.js")));
const spz = await load();
const ATTRIBUTES = ["positions", "scales", "rotations", "alphas", "colors", "sh"];

function read(from, to, frame) {
  const cloud = spz.loadSpzFromBuffer(new Uint8Array(readFileSync(from)), { to: spz.CoordinateSystem[frame] });
  const header = new Uint32Array([cloud.numPoints, cloud.shDegree, cloud.antialiased ? 1 : 0]);
  const parts = [header, ...ATTRIBUTES.map((name) => new Float32Array(cloud[name]))];
  writeFileSync(to, Buffer.concat(parts.map((part) => Buffer.from(part.buffer))));
}

// The library takes only records that it has read itself: puts one into the header of an empty file, and has it read.
function frameRecord(frame) {
  const options = { from: spz.CoordinateSystem.RUB, version: 4, sh1Bits: 5, shRestBits: 4 };
  const empty = { numPoints: 1, shDegree: 0, antialiased: false, extensions: [] };
  [3, 3, 4, 1, 3, 0].forEach((n, idx) => (empty[ATTRIBUTES[idx]] = new Float32Array(n).fill(0.5)));
  const plain = spz.saveSpzToBuffer(empty, options);
  const file = new Uint8Array(plain.length + 12);
  file.set(plain.subarray(0, 32));
  file.set(plain.subarray(32), 44);
  const view = new DataView(file.buffer);
  view.setUint8(14, 2);
  view.setUint32(16, 44, true);
  [0xadbe0003, 4, spz.CoordinateSystem[frame].value ?? spz.CoordinateSystem[frame]].forEach((word, idx) =>
    view.setUint32(32 + 4 * idx, word, true),
  );
  return spz.loadSpzFromBuffer(file, { to: spz.CoordinateSystem.RUB }).extensions;
}

function write(from, to, frame, version, stored) {
  const bytes = new Uint8Array(readFileSync(from)).buffer;
  const [count, degree, antialiased] = new Uint32Array(bytes, 0, 3);
  const values = new Float32Array(bytes, 12);
  const lengths = [3, 3, 4, 1, 3, 3 * ((degree + 1) ** 2 - 1)].map((n) => n * count);
  const cloud = { numPoints: count, shDegree: degree, antialiased: antialiased === 1, extensions: [] };
  if (stored !== "UNSPECIFIED") {
    cloud.extensions = frameRecord(stored);
  }
  let at = 0;
  ATTRIBUTES.forEach((name, idx) => {
    cloud[name] = values.slice(at, at + lengths[idx]);
    at += lengths[idx];
  });
  const options = { from: spz.CoordinateSystem[frame], version: Number(version), sh1Bits: 5, shRestBits: 4 };
  writeFileSync(to, spz.saveSpzToBuffer(cloud, options));
}

const words = process.argv.slice(2);
while (words.length > 0) {
  const end = words.indexOf(",");
  const [verb, ...job] = words.splice(0, end < 0 ? words.length : end);
  words.shift();
  if (verb === "read") read(...job);
  else if (verb === "write") write(...job);
  else throw new Error(`spz.mjs: read or write, not ${verb}`);
}
