// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { cell, csv } from './csv';
import { draw, roundTop, thinned } from './curve';

const frame = { width: 100, height: 50 };
const point = (unix_min: number, people: number | null, joins: number | null = 0) => ({ unix_min, people, joins });

describe('the curve', () => {
  it('spans the frame from the first minute to the last', () => {
    expect(draw([point(10, 10), point(11, 20), point(12, 0)], frame).line).toBe('M0 25h0L50 0L100 50');
  });

  it('is broken where numbers are not told, and shades that', () => {
    const { line, gaps } = draw([point(0, 20), point(1, null), point(2, null), point(3, 20), point(4, 10)], frame);
    expect(line).toBe('M0 0h0M75 0h0L100 25');
    expect(gaps).toEqual([{ from: 0, to: 50 }]);
  });

  it('does not draw through minutes that are missing', () => {
    const { line, gaps } = draw([point(0, 20), point(9, 20), point(10, 20)], frame);
    expect(line).toBe('M0 0h0M90 0h0L100 0');
    expect(gaps).toEqual([{ from: 0, to: 90 }]);
  });

  it('has bars of one width within the frame, at its ends and in the first minutes too', () => {
    const bars = (minutes: number) => draw(Array.from({ length: minutes }, (_, i) => ({ ...point(i, 20), joins: 5 })), { width: 640, height: 100 }).bars;
    for (const minutes of [1, 2, 30, 600]) {
      const all = bars(minutes);
      expect(all.length).toBe(minutes);
      expect(new Set(all.map(({ width }) => width)).size).toBe(1);
      expect(all.every(({ x, width }) => x >= 0 && x + width <= 640.1 && width <= 48), `${minutes} minutes`).toBe(true);
    }
  });

  it('takes no points, and one', () => {
    expect(draw([], frame)).toMatchObject({ line: '', gaps: [], bars: [] });
    expect(draw([point(5, 12)], frame).line).toBe('M0 20h0');
  });

  it('has a round top at or above the most', () => {
    expect([0, 9, 10, 11, 21, 312, 1_001].map(roundTop)).toEqual([10, 10, 10, 20, 50, 500, 2_000]);
  });

  it('names at most a handful of times', () => {
    const day = Array.from({ length: 1_440 }, (_, i) => point(29_000_000 + i, 12));
    expect(draw(day, frame).times.length).toBeLessThanOrEqual(7);
  });

  it('keeps the last point when its table is thinned', () => {
    const all = Array.from({ length: 1_000 }, (_, i) => point(i, i));
    const rows = thinned(all, 100);
    expect(rows.length).toBeLessThanOrEqual(100);
    expect(rows.at(-1)).toBe(all.at(-1));
  });
});

describe('CSV', () => {
  it.each(['=HYPERLINK("x")', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1'])('makes text of a cell that a spreadsheet would run: %j', (text) => {
    expect(cell(text).replace(/^"/, '')[0]).toBe("'");
  });

  it('quotes separators, quotes and lines; numbers stay numbers', () => {
    expect(csv(['a', 'b'], [['x,y', -3], ['say "hi"\nthere', null]])).toBe('a,b\r\n"x,y",-3\r\n"say ""hi""\nthere",\r\n');
  });
});
