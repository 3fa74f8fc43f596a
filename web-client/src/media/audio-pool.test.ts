// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AudioPool } from './audio-pool';

class Denied extends Error {
  override name = 'NotAllowedError';
}

let allowed = false;
const page = Object.assign(new EventTarget(), {
  createElement: (kind: string) =>
    kind === 'audio'
      ? { dataset: {}, play: () => (allowed ? Promise.resolve() : Promise.reject(new Denied())) }
      : { append: () => undefined, remove: () => undefined },
  body: { append: () => undefined },
});

beforeEach(() => {
  allowed = false;
  vi.stubGlobal('document', page);
  vi.stubGlobal('DOMException', Denied);
  vi.stubGlobal('MediaStream', class {});
});
afterEach(() => vi.unstubAllGlobals());
const rest = async (): Promise<void> => {
  for (let i = 0; i < 10; i += 1) await Promise.resolve();
};

it('any click that lets the browser play takes the question away', async () => {
  const pool = new AudioPool();
  let refused = false;
  pool.onRefused = (now) => (refused = now);
  pool.assign(0, {} as MediaStreamTrack);
  await rest();
  expect(refused).toBe(true);
  // A click that unlocks nothing leaves the question where it is.
  page.dispatchEvent(new Event('pointerup'));
  await rest();
  expect(refused).toBe(true);
  allowed = true;
  page.dispatchEvent(new Event('pointerup'));
  await rest();
  expect(refused).toBe(false);
  pool.dispose();
});
