// Pictures of modules drawn by Three.js in Chromium with software GL: what the reference renderer is held against.
//
//   npm install && node oracle.mjs OUT_FOLDER module.js ...
//
// Writes OUT_FOLDER/NAME.follow.png and NAME.studio.png, 256 pixels a side. Other requests: REQUESTS, a JSON list of
// { file, lighting, size, background, views }; {theta}_{phi} is put before the extension when there is more than one view.
import { createServer } from 'node:http';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';

const here = dirname(fileURLToPath(import.meta.url));
const [folder, ...modules] = process.argv.slice(2);
if (!modules.length) {
  console.error('usage: node oracle.mjs OUT_FOLDER module.js ...');
  process.exit(2);
}
const requests = process.env.REQUESTS ? JSON.parse(process.env.REQUESTS) : [
  { file: 'follow', lighting: 'follow', size: 256, background: 'ffffff', views: [[30, 0]] },
  { file: 'studio', lighting: 'studio', size: 256, background: '808080', views: [[216, -15]] },
];

const types = { '.html': 'text/html', '.js': 'text/javascript' };
const server = createServer(({ url }, response) => {
  try {
    const file = join(here, normalize(url === '/' ? '/page.html' : url));
    response.setHeader('content-type', types[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((listening) => server.listen(0, '127.0.0.1', listening));

const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--ignore-gpu-blocklist'],
});
mkdirSync(folder, { recursive: true });
let failed = false;
for (const path of modules) {
  const page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  await page.waitForFunction('window.draw');
  const source = readFileSync(path, 'utf8');
  for (const { file, ...request } of requests) {
    try {
      const pictures = await page.evaluate((all) => window.draw(all), { source, ...request });
      pictures.forEach((url, i) => {
        const view = pictures.length > 1 ? `.${request.views[i].join('_')}` : '';
        const name = `${basename(path, '.js')}.${file}${view}.png`;
        writeFileSync(join(folder, name), Buffer.from(url.split(',')[1], 'base64'));
      });
    } catch (error) {
      failed = true;
      console.error(`${path}, ${file}: ${error.message}`);
    }
  }
  await page.close();
}
await browser.close();
server.close();
process.exit(failed ? 1 : 0);
