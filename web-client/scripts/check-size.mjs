// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Keeps the budgets of the built pages, as sent (brotli): what the first route loads, and the whole.

import { readFileSync, readdirSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url);
const files = readdirSync(new URL('assets/', dist));
const html = readFileSync(new URL('index.html', dist), 'utf8');
const size = (name) => brotliCompressSync(readFileSync(new URL(`assets/${name}`, dist))).length;
const sum = (names) => names.reduce((total, name) => total + size(name), 0);

const js = files.filter((name) => name.endsWith('.js'));
const css = files.filter((name) => name.endsWith('.css'));
const fonts = files.filter((name) => name.endsWith('.woff2'));

// The page fetches the texts of one language by itself, before it shows anything.
const texts = js.filter((name) => name.startsWith('all.')).map(size);
if (texts.length < 2) throw new Error('the texts have other names by now: nothing says how large they are');

const budgets = [
  ['first route, JS', sum(js.filter((name) => html.includes(name))) + Math.max(...texts), 80_000],
  ['CSS', sum(css), 45_000],
  ['fonts', sum(fonts), 60_000],
  ['all JS and CSS', sum(js) + sum(css), 230_000],
];

let over = false;
for (const [what, bytes, most] of budgets) {
  over ||= bytes > most;
  console.log(`${bytes > most ? 'OVER' : 'ok  '} ${what}: ${(bytes / 1000).toFixed(1)} of ${most / 1000} kB`);
}
if (/https?:\/\//.test(html)) {
  over = true;
  console.log('OVER index.html names another host');
}
process.exit(over ? 1 : 0);
