// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The attendance curve as geometry: points to an SVG path, and round numbers for its axes. Pure.

import type { CurvePoint } from '../../protocol';

export interface Frame {
  readonly width: number;
  readonly height: number;
}

export interface Drawn {
  /** The line, with a gap where a number is not told. */
  readonly line: string;
  /** Minutes whose number is not told, as spans from and to, in the frame's units. */
  readonly gaps: readonly { from: number; to: number }[];
  /** Bars of who came in, one per minute that tells it. */
  readonly bars: readonly { x: number; y: number; width: number; height: number }[];
  readonly top: number;
  readonly ticks: readonly { y: number; value: number }[];
  readonly times: readonly { x: number; unixMin: number }[];
}

/** Times along the axis, at most, and the least room for each. */
const TIMES_MAX = 6;
const TIME_WIDTH = 64;
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1_440] as const;

/** Of a bar, so that the first minutes are no walls. */
const BAR_WIDTH_MAX = 48;

/** The next of 5, 10, 20, 50, 100, ... at or above `most`; never below 10, so that a quiet start looks quiet. */
export function roundTop(most: number): number {
  let power = 1;
  for (;;) {
    for (const step of [1, 2, 5]) {
      const top = step * power;
      if (top >= 10 && top >= most) return top;
    }
    power *= 10;
  }
}

export function draw(points: readonly CurvePoint[], frame: Frame): Drawn {
  const first = points[0]?.unix_min ?? 0;
  const last = points[points.length - 1]?.unix_min ?? first;
  const span = Math.max(1, last - first);
  const top = roundTop(Math.max(0, ...points.map((p) => p.people ?? 0), ...points.map((p) => p.joins ?? 0)));
  const x = (unixMin: number): number => tenth(((unixMin - first) / span) * frame.width);
  const y = (value: number): number => tenth(frame.height - (value / top) * frame.height);

  let line = '';
  let pen = false;
  let before: number | null = null;
  const gaps: { from: number; to: number }[] = [];
  for (const { unix_min, people } of points) {
    // A minute that is missing altogether is a gap like one that is not told.
    if (before !== null && unix_min > before + 1) {
      gaps.push({ from: x(before), to: x(unix_min) });
      pen = false;
    }
    if (people === null) {
      const from = x(before ?? unix_min);
      const open = gaps[gaps.length - 1];
      if (open && open.to === from) gaps[gaps.length - 1] = { from: open.from, to: x(unix_min) };
      else gaps.push({ from, to: x(unix_min) });
      pen = false;
    } else {
      // A minute that stands alone is a dot: a line of no length with round ends.
      line += pen ? `L${x(unix_min)} ${y(people)}` : `M${x(unix_min)} ${y(people)}h0`;
      pen = true;
    }
    before = unix_min;
  }
  const slot = frame.width / (span + 1);
  const bars = points
    .filter((p) => p.joins !== null && p.joins > 0)
    .map((p) => {
      const wide = Math.min(BAR_WIDTH_MAX, Math.max(1, slot * 0.7));
      const from = Math.max(0, Math.min(frame.width - wide, x(p.unix_min) - wide / 2));
      return { x: tenth(from), y: y(p.joins ?? 0), width: tenth(wide), height: tenth(frame.height - y(p.joins ?? 0)) };
    });
  const most = Math.max(1, Math.min(TIMES_MAX, Math.floor(frame.width / TIME_WIDTH)));
  const step = STEPS_MIN.find((one) => span / one <= most) ?? span;
  const times: { x: number; unixMin: number }[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) times.push({ x: x(at), unixMin: at });
  const ticks = [0, 0.5, 1].map((part) => ({ y: y(top * part), value: top * part }));
  return { line, gaps: gaps.filter((gap) => gap.to > gap.from), bars, top, ticks, times };
}

/** Every n-th point, so that a table of a long day stays readable; the last is always there. */
export function thinned(points: readonly CurvePoint[], rowsMax: number): CurvePoint[] {
  const every = Math.max(1, Math.ceil(points.length / rowsMax));
  return points.filter((_, i) => (points.length - 1 - i) % every === 0);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
