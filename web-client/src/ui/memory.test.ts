// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { recallLine, remember, rememberLine } from './memory';

let kept: Map<string, string>;

beforeEach(() => {
  kept = new Map();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  remember('name', 'Ada');
  remember('alias', 'no');
});
afterEach(() => vi.unstubAllGlobals());

it('a line comes back under the name it was saved under, and an empty one leaves no key', () => {
  rememberLine('Ada', 'Mayor');
  expect(recallLine('Ada')).toBe('Mayor');
  const keys = kept.size;
  rememberLine('Ada', '');
  expect(recallLine('Ada')).toBeNull();
  expect(kept.size).toBe(keys - 1);
});

it('an alias gets no line, and what is written under it is not kept', () => {
  rememberLine('Ada', 'Mayor');
  remember('alias', 'yes');
  expect(recallLine('Ada')).toBeNull();
  rememberLine('Amber Lantern', 'Whistleblower');
  remember('alias', 'no');
  expect(recallLine('Amber Lantern'), 'made up because the field was left empty').toBeNull();
  expect(recallLine('Ada')).toBe('Mayor');
});

it('what is no line of ours is none', () => {
  for (const broken of ['Mayor', '7', 'null', '{"name":"Ada","line":7}']) {
    kept.set('fiera.line', broken);
    expect(recallLine('Ada')).toBeNull();
  }
});
