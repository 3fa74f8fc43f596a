// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { speaksIn } from './full-screen';

// Page > theatre; each with a region of its own.
const element = (name: string, inside: readonly object[]) => ({ name, contains: (node: object | null) => node !== null && inside.includes(node) });
const regionOf = (parentElement: object | null) => ({ parentElement }) as unknown as HTMLElement;

it('one speaks: that of the page, in full screen that within, in a dialog always its own', () => {
  const inTheatre = regionOf(null);
  const theatre = element('theatre', [inTheatre]);
  Object.assign(inTheatre, { parentElement: theatre });
  const inPage = regionOf(null);
  const page = element('page', [inPage, inTheatre]);
  const both = (full: typeof page | null) => [speaksIn(full, inPage, false, false), speaksIn(full, inTheatre, true, true)];
  expect(both(null)).toEqual([true, false]);
  expect(both(theatre)).toEqual([false, true]);
  expect(both(page), 'the whole page').toEqual([true, false]);
  expect(speaksIn(theatre, regionOf(null), true, false)).toBe(true);
});
