// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What was typed into the poll maker, as the server takes it. Pure.

import { POLL_OPTIONS_MAX, POLL_OPTIONS_MIN } from '../../protocol';

/** Trimmed, without empty lines; null: not a poll yet (no question, too few answers, or two alike). */
export function pollDraft(question: string, typed: readonly string[]): { question: string; options: string[] } | null {
  const asked = question.trim();
  const options = typed.map((one) => one.trim()).filter((one) => one !== '');
  if (asked === '' || options.length < POLL_OPTIONS_MIN || options.length > POLL_OPTIONS_MAX) return null;
  return new Set(options).size === options.length ? { question: asked, options } : null;
}

/** Whole percents that sum to 100 where anybody answered: largest remainders go up. */
export function percents(tally: readonly number[]): number[] {
  const all = tally.reduce((sum, one) => sum + one, 0);
  if (all === 0) return tally.map(() => 0);
  const exact = tally.map((one) => (one * 100) / all);
  const whole = exact.map(Math.floor);
  let left = 100 - whole.reduce((sum, one) => sum + one, 0);
  const order = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order) {
    if (left-- <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
  }
  return whole;
}
