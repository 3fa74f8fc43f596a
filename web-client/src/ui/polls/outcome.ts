// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Numbers of a revealed poll as they are drawn. Pure.

export interface RatingRow {
  readonly rating: number;
  readonly votes: number;
  /** Of all answers, 0 to 1. */
  readonly share: number;
}

/** One row for each number of the scale, the lowest first. */
export function ratings(from: number, tally: readonly number[]): RatingRow[] {
  const all = tally.reduce((sum, votes) => sum + votes, 0);
  return tally.map((votes, i) => ({ rating: from + i, votes, share: all > 0 ? votes / all : 0 }));
}

/** How large a word is drawn, in em: the area grows with how often it came, so that 4 times as often is twice as high. */
export function cloudSize(count: number, most: number): number {
  const share = Math.sqrt(Math.max(0, count) / Math.max(1, most));
  return Math.round((0.9 + 1.3 * share) * 100) / 100;
}

/** A list with one item moved by a step; the list itself where there is no place to go. */
export function moved<T>(items: readonly T[], at: number, step: -1 | 1): T[] {
  const to = at + step;
  const next = [...items];
  const [item] = next.splice(at, 1);
  if (item === undefined || to < 0 || to >= items.length) return [...items];
  next.splice(to, 0, item);
  return next;
}
