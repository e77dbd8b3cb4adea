// Converts one splat file into another with PlayCanvas' splat-transform; the endings tell the formats.
// Usage: CRUCIBLE_PEERS=FOLDER node convert.mjs IN OUT [OPTION OF splat-transform ...]
import { spawnSync } from "node:child_process";
import { installed } from "./find.mjs";

const [from, to, ...options] = process.argv.slice(2);
const cli = installed("@playcanvas", "splat-transform", "bin", "cli.mjs");
// There is no GPU where tests run.
const words = ["--quiet", "--overwrite", "--gpu", "cpu", ...options, from, to];
const { status, error } = spawnSync(process.execPath, [cli, ...words], { stdio: "inherit" });
if (error) throw error;
process.exit(status ?? 1);
