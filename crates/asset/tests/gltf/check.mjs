// Asks the glTF validator of Khronos about every .glb of a folder. Prints errors and warnings; exit code 1 if there are any.
// Usage: node check.mjs FOLDER PREFIX [OWN], where PREFIX/node_modules has gltf-validator. Attributes named OWN:… are those of an
// extension that the validator does not know yet, and takes for wrong names.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";

const [folder, prefix, ownAttributes] = process.argv.slice(2);
const validator = createRequire(join(resolve(prefix), "package.json"))("gltf-validator");
const names = readdirSync(folder).filter((name) => name.endsWith(".glb")).sort();
// Severity 0 is an error, 1 a warning; 2 and 3 are remarks (an unused accessor, an empty node).
const SEVERITY_MAX = 1;
const counts = new Map();
for (const name of names) {
  const report = await validator.validateBytes(new Uint8Array(readFileSync(join(folder, name))), { maxIssues: 1000 });
  for (const { severity, code, message, pointer } of report.issues.messages) {
    if (severity > SEVERITY_MAX) continue;
    if (ownAttributes && code === "MESH_PRIMITIVE_INVALID_ATTRIBUTE" && pointer?.includes(`/attributes/${ownAttributes}:`)) continue;
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (count <= 3) console.log(`${name} ${pointer ?? ""}: ${code}: ${message}`);
  }
}
for (const [code, count] of counts) console.log(`${code}: ${count} times`);
console.log(`${names.length} files, ${[...counts.values()].reduce((sum, count) => sum + count, 0)} issues`);
process.exit(counts.size > 0 ? 1 : 0);
