// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { fallen, levelOf } from './level';

it('a short sound in silence shows almost as loud as a long one', () => {
  const silence = new Float32Array(4_096);
  const short = silence.slice();
  short.fill(0.5, 1_024, 1_280);
  const long = silence.slice().fill(0.5);
  expect(levelOf(silence)).toBe(0);
  expect(levelOf(short)).toBeCloseTo(levelOf(long), 5);
});

it('the bar goes up at once and comes down slowly', () => {
  expect(fallen(0, 0.8)).toBe(0.8);
  const after = fallen(0.8, 0);
  expect(after).toBeGreaterThan(0.6);
  expect(after).toBeLessThan(0.8);
  expect(fallen(0.01, 0)).toBe(0);
});
