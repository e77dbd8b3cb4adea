// Makes fixtures/gltf/meshopt.gltf with the encoder of the npm package meshoptimizer: compressed views in buffer 0, and in
// buffer 1, view by view, what that package's own decoder makes of them.
// Usage: node meshopt.mjs PREFIX > meshopt.gltf, where PREFIX/node_modules has meshoptimizer (1.3.0 made the file).
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const prefix = createRequire(join(resolve(process.argv[2]), "package.json"));
const { MeshoptEncoder: encoder, MeshoptDecoder: decoder } = await import(pathToFileURL(prefix.resolve("meshoptimizer")));
await encoder.ready;
await decoder.ready;

let seed = 1;
const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
const bytes = (array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const parts = { packed: [], plain: [] };
const views = [];
const add = (list, data) => {
  const at = list.reduce((sum, part) => sum + part.length, 0);
  list.push(data, new Uint8Array(-data.length & 3));
  return { byteOffset: at, byteLength: data.length };
};
function put(name, data, count, stride, mode, filter, version) {
  const packed = encoder.encodeGltfBuffer(data, count, stride, mode, version);
  const plain = new Uint8Array(count * stride);
  decoder.decodeGltfBuffer(plain, count, stride, packed, mode, filter);
  const extension = version === 1 ? "KHR_meshopt_compression" : "EXT_meshopt_compression";
  const compression = { buffer: 0, ...add(parts.packed, packed), byteStride: stride, count, mode, filter };
  views.push({ name, buffer: 1, ...add(parts.plain, plain), byteStride: stride > 4 || mode === "ATTRIBUTES" ? stride : undefined, extensions: { [extension]: compression } });
}

for (const version of [0, 1]) {
  const of = (name) => `${name}, version ${version}`;
  const count = 300;
  const wave = new Float32Array(count * 3).map((_, at) => Math.sin(at / 90) * 2 + (at % 3));
  put(of("floats"), bytes(wave), count, 12, "ATTRIBUTES", "NONE", version);
  const noise = new Uint8Array(count * 8).map(() => random() * 256);
  put(of("noise"), noise, count, 8, "ATTRIBUTES", "NONE", version);
  const steps = new Uint16Array(count * 4).map((_, at) => (at % 4 === 3 ? 0 : (at * at) >> 3));
  put(of("halves"), bytes(steps), count, 8, "ATTRIBUTES", "NONE", version);
  const sparse = new Uint8Array(40 * 20).map(() => (random() < 0.06 ? 1 + random() * 3 : 0));
  put(of("wide and nearly constant"), sparse, 40, 20, "ATTRIBUTES", "NONE", version);
  const directions = new Float32Array(count * 4);
  const turns = new Float32Array(count * 4);
  const colors = new Float32Array(count * 4);
  for (let at = 0; at < count; at++) {
    const unit = (size) => {
      const value = Array.from({ length: size }, () => random() * 2 - 1);
      const length = Math.hypot(...value);
      return value.map((part) => part / length);
    };
    directions.set([...unit(3), at % 2 ? 1 : -1], at * 4);
    turns.set(unit(4), at * 4);
    colors.set([random(), random(), random(), at % 3 ? 1 : random()], at * 4);
  }
  put(of("octahedral 8"), encoder.encodeFilterOct(directions, count, 4, 8), count, 4, "ATTRIBUTES", "OCTAHEDRAL", version);
  put(of("octahedral 16"), encoder.encodeFilterOct(directions, count, 8, 12), count, 8, "ATTRIBUTES", "OCTAHEDRAL", version);
  put(of("quaternions"), encoder.encodeFilterQuat(turns, count, 8, 13), count, 8, "ATTRIBUTES", "QUATERNION", version);
  put(of("exponential"), encoder.encodeFilterExp(wave, count, 12, 15), count, 12, "ATTRIBUTES", "EXPONENTIAL", version);
  if (version === 1) {
    put(of("colours 8"), encoder.encodeFilterColor(colors, count, 4, 7), count, 4, "ATTRIBUTES", "COLOR", version);
    put(of("colours 16"), encoder.encodeFilterColor(colors, count, 8, 12), count, 8, "ATTRIBUTES", "COLOR", version);
  }
}
// A grid, in an order that a graphics card likes, and triangles that share nothing.
const side = 12;
const grid = [];
for (let y = 0; y < side; y++)
  for (let x = 0; x < side; x++) {
    const at = y * (side + 1) + x;
    grid.push(at, at + 1, at + side + 1, at + 1, at + side + 2, at + side + 1);
  }
const ordered = new Uint32Array(grid);
encoder.reorderMesh(ordered, true, true);
put("grid", bytes(new Uint16Array(ordered)), ordered.length, 2, "TRIANGLES", "NONE", 0);
const wild = new Uint32Array(99).map(() => random() * 70000);
put("wild triangles", bytes(wild), wild.length, 4, "TRIANGLES", "NONE", 0);
put("sequence", bytes(wild), wild.length, 4, "INDICES", "NONE", 0);
put("short sequence", bytes(new Uint16Array(ordered)), ordered.length, 2, "INDICES", "NONE", 0);

const buffer = (list) => {
  const data = Buffer.concat(list);
  return { byteLength: data.length, uri: `data:application/octet-stream;base64,${data.toString("base64")}` };
};
const extensionsUsed = ["EXT_meshopt_compression", "KHR_meshopt_compression"];
console.log(JSON.stringify({
  asset: { version: "2.0" }, extensionsUsed, extensionsRequired: extensionsUsed,
  buffers: [buffer(parts.packed), buffer(parts.plain)], bufferViews: views,
}));
