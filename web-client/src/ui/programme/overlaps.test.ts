// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import type { AgendaSlot } from '../../protocol';
import { seeded } from '../../testing/world';
import { overlapsOf } from './overlaps';

const MINUTE_MS = 60_000;
const NINE = Date.UTC(2026, 8, 21, 9);
const at = (slot: string, from: number, until: number, over: Partial<AgendaSlot> = {}): AgendaSlot => ({
  slot, revision: 0, room: 'stage', title: { it: slot }, speakers: [], cancelled: false,
  starts_unix_ms: NINE + from * MINUTE_MS, ends_unix_ms: NINE + until * MINUTE_MS, ...over,
});
const named = (of: AgendaSlot, agenda: readonly AgendaSlot[]): [string, number, number, number][] =>
  overlapsOf(of, agenda).map(({ slot, from_unix_ms, until_unix_ms, minutes }) =>
    [slot.slot, (from_unix_ms - NINE) / MINUTE_MS, (until_unix_ms - NINE) / MINUTE_MS, minutes]);

test('the others of the room, with the minutes that both have', () => {
  const agenda = [at('before', -30, 0), at('early', -15, 10), at('all', -60, 120), at('within', 10, 20), at('late', 25, 60), at('after', 30, 60)];
  expect(named(at('it', 0, 30), agenda)).toEqual([['early', 0, 10, 10], ['all', 0, 30, 30], ['within', 10, 20, 10], ['late', 25, 30, 5]]);
});

test('not itself, no other room, nothing cancelled, no track', () => {
  const one = at('it', 0, 30);
  const others = [one, at('elsewhere', 0, 30, { room: 'lab' }), at('off', 0, 30, { cancelled: true })];
  expect(named(one, others)).toEqual([]);
  expect(named({ ...one, cancelled: true }, [at('other', 0, 30)])).toEqual([]);
  expect(named(one, [at('other', 0, 30, { track: { it: 'Altro' } })])).toEqual([['other', 0, 30, 30]]);
});

test('a new slot has no name yet, and one whose times make no sense occupies nothing', () => {
  const { slot: _, ...fresh } = at('it', 0, 30);
  expect(overlapsOf(fresh, [at('other', 0, 30)])).toHaveLength(1);
  expect(named(at('it', 30, 0), [at('other', 0, 60)])).toEqual([]);
  expect(named(at('it', 10, 10), [at('other', 0, 60)])).toEqual([]);
  expect(overlapsOf({ ...fresh, starts_unix_ms: NaN }, [at('other', 0, 60)])).toEqual([]);
});

test('less than a minute is told as one', () => {
  expect(named(at('it', 0, 30.5), [at('other', 30, 60)])).toEqual([['other', 30, 30.5, 1]]);
});

test('what one overlaps overlaps it, by the same stretch', () => {
  const random = seeded(20_261);
  const pick = (n: number): number => Math.floor(random() * n);
  for (let round = 0; round < 200; round += 1) {
    const agenda = Array.from({ length: 8 }, (_, i) => {
      const from = pick(120);
      return at(`s${i}`, from, from + 1 + pick(60), { room: `r${pick(2)}`, cancelled: pick(5) === 0 });
    });
    for (const one of agenda) {
      for (const { slot, ...shared } of overlapsOf(one, agenda)) {
        const { slot: _, ...back } = overlapsOf(slot, agenda).find((other) => other.slot === one)!;
        expect(back).toEqual(shared);
      }
    }
  }
});
