// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Goes through the committed page states in Chromium: a screenshot at each width, axe, no sideways scrolling, no
// request to another host. Fails on anything serious. `node scripts/check-states.mjs stage` takes states by prefix.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../', import.meta.url));
const built = join(root, 'node_modules/.states');
const pictures = join(root, 'screenshots');
const axe = readFileSync(join(root, 'node_modules/axe-core/axe.min.js'), 'utf8');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.woff2': 'font/woff2', '.svg': 'image/svg+xml' };
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
const VIEWS = [
  { name: '1440', width: 1440, height: 900, lang: 'it' },
  { name: '390', width: 390, height: 844, lang: 'en' },
  { name: '320', width: 320, height: 640, lang: 'it' },
  { name: 'forced', width: 1024, height: 768, lang: 'en', forcedColors: 'active' },
];

// As strict as the server's own policy: a page that needs more would break there.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'self'; media-src 'self' blob:";

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url, 'http://states').pathname);
  try {
    const body = readFileSync(join(built, path));
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY }).end(body);
  } catch {
    response.writeHead(404).end();
  }
});
await new Promise((ready) => server.listen(0, '127.0.0.1', ready));
const base = `http://127.0.0.1:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
mkdirSync(pictures, { recursive: true });

const faults = [];
const prefix = process.argv[2] ?? '';

/** Resolves when what the state must show is there, the pictures that move have their first one and everything was painted; else says what never came. */
const settled = () =>
  new Promise((resolve) => {
    const end = performance.now() + 10_000;
    const look = () => {
      const still = [...document.querySelectorAll('video')].every((video) => !video.srcObject || video.readyState >= 2);
      const missing = JSON.parse(document.documentElement.dataset.expects).filter((one) => !document.querySelector(one));
      if (still && missing.length === 0) requestAnimationFrame(() => requestAnimationFrame(() => resolve('')));
      else if (performance.now() > end) resolve([...missing, ...(still ? [] : ['a picture that moves'])].join(', '));
      else setTimeout(look, 20);
    };
    look();
  });

/** What one state looks like in one view: picture, width, policy, axe. */
async function inspect(page, state, view) {
  const fault = (what) => faults.push(`${state} at ${view.name}: ${what}`);
  page.fault = fault;
  await page.evaluate((hash) => (location.hash = hash), `${state}/${view.lang}`);
  await page.waitForFunction((one) => document.documentElement.dataset.drawn === one, state);
  const never = await page.evaluate(settled);
  if (never) fault(`never came: ${never}`);
  const { data } = await page.session.send('Page.captureScreenshot', { optimizeForSpeed: true });
  writeFileSync(join(pictures, `${state}-${view.name}.png`), Buffer.from(data, 'base64'));
  const { wide, refused, violations } = await page.evaluate(
    async ([values, forced]) => {
      const { scrollWidth, clientWidth } = document.documentElement;
      const found = await globalThis.axe.run(document, {
        runOnly: { type: 'tag', values },
        // In forced colours the browser picks the colours, and axe reads those of the style sheet.
        rules: { 'color-contrast': { enabled: !forced } },
        resultTypes: ['violations'],
      });
      const violations = found.violations.map(({ id, impact, help, nodes }) => ({ id, impact, help, at: nodes.map((node) => node.target).join(', ') }));
      return { wide: scrollWidth - clientWidth, refused: globalThis.refused.splice(0), violations };
    },
    [RULES, view.forcedColors === 'active'],
  );
  if (wide > 0) fault(`scrolls sideways by ${wide} px`);
  for (const one of refused) fault(`policy refuses ${one}`);
  for (const { id, impact, help, at } of violations) fault(`${id} (${impact}): ${help}: ${at}`);
}

/** Goes through all states in one view, in one page that is loaded once. */
async function goThrough(view) {
  const { width, height, forcedColors = 'none' } = view;
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', forcedColors });
  const page = await context.newPage();
  page.session = await context.newCDPSession(page);
  page.fault = (what) => faults.push(`list at ${view.name}: ${what}`);
  await page.addInitScript(() => {
    globalThis.refused = [];
    addEventListener('securitypolicyviolation', (event) => globalThis.refused.push(`${event.violatedDirective} ${event.blockedURI}`));
  });
  page.on('pageerror', (error) => page.fault(error.message));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) page.fault(`asks ${request.url()}`);
  });
  await page.goto(`${base}/states.html`);
  const list = await page.waitForFunction(() => document.documentElement.dataset.list);
  const states = (await list.jsonValue()).split(' ').filter((state) => state.startsWith(prefix));
  await page.evaluate(axe);
  for (const state of states) await inspect(page, state, view);
  await context.close();
}

// The views side by side: most of the time of one is waiting.
await Promise.all(VIEWS.map(goThrough));
await browser.close();
server.close();

for (const fault of faults.sort()) console.log(fault);
console.log(faults.length === 0 ? 'All page states are in order.' : `${faults.length} faults.`);
process.exit(faults.length === 0 ? 0 : 1);
