// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, expect, test } from 'vitest';
import { later } from './later.svelte';

afterEach(() => later.dismiss());

const comes = async (): Promise<string> => 'part';
const fails = async (): Promise<string> => {
  throw new Error('no network');
};

test('a part is missing until it came', async () => {
  await expect(later.part('agenda', fails)).rejects.toThrow('no network');
  expect(later.missing).toBe(true);
  expect(await later.part('agenda', comes)).toBe('part');
  expect(later.missing).toBe(false);
});

test('one part that comes does not stand for another, and two failures of one are one', async () => {
  await later.part('agenda', fails).catch(() => undefined);
  await later.part('agenda', fails).catch(() => undefined);
  await later.part('keys', fails).catch(() => undefined);
  await later.part('ideas', comes);
  await later.part('keys', comes);
  expect(later.missing).toBe(true);
  await later.part('agenda', comes);
  expect(later.missing).toBe(false);
});

test('what was read is gone until a part fails again', async () => {
  await later.part('agenda', fails).catch(() => undefined);
  later.dismiss();
  expect(later.missing).toBe(false);
  await later.part('agenda', fails).catch(() => undefined);
  expect(later.missing).toBe(true);
});

test('what asked for a part that fails is taken back', async () => {
  let open = true;
  await later.part('agenda', fails, () => (open = false)).catch(() => undefined);
  expect(open).toBe(false);
});

test('every part that a page asks for is fetched so that its absence is told', () => {
  const sources = import.meta.glob<string>(['../**/*.{svelte,ts}', '!../**/*.test.ts'], { query: '?raw', import: 'default', eager: true });
  const untold = Object.entries(sources).flatMap(([file, source]) =>
    source
      .split('\n')
      .filter((line) => /(?<!typeof )import\('/.test(line) && !line.includes('later.part('))
      .map((line) => `${file}: ${line.trim()}`),
  );
  // The pages beside the event, of which `App` fetches one through `later.part`; and the stage, which is fetched ahead.
  expect(untold.filter((one) => !/^\.\.\/App\.svelte: \w+: /.test(one))).toEqual(["../EventPage.svelte: const loadFair = () => import('./fair');"]);
});
