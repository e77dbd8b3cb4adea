// Times the modules of this folder in Node's V8: `node v8.mjs PATH_OF_three.core.js SIZE`. Each module runs in a process of
// its own, cold, as the original runs it; printed are milliseconds of loading and calling it, by the wall or by the
// processor, whichever is less, the best of three.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [core, size, only] = process.argv.slice(2);
const folder = fileURLToPath(new URL('.', import.meta.url));
if (only) {
	const THREE = await import(pathToFileURL(core));
	const source = readFileSync(folder + only, 'utf8').replace('const SIZE = 1;', `const SIZE = ${size};`);
	const start = performance.now(), busy = process.cpuUsage();
	const { default: build } = await import('data:text/javascript,' + encodeURIComponent(source));
	build(THREE);
	const wall = performance.now() - start, { user, system } = process.cpuUsage(busy);
	console.log(Math.min(wall, (user + system) / 1000));
} else for (const name of readdirSync(folder).filter((name) => name.endsWith('.js'))) {
	const times = [];
	for (let i = 0; i < 3; i++) times.push(Number(execFileSync(process.execPath, [fileURLToPath(import.meta.url), core, size, name])));
	console.log(name.padEnd(16), Math.min(...times).toFixed(1));
}
