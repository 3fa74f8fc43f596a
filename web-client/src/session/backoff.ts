// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Pauses between attempts to connect again: 250 ms doubling to 2 s for the first 30 s, then slower, with full
// jitter so that a thousand clients do not return in one wave. Knows no socket and no clock.

const FIRST_MS = 250;
const CAP_EARLY_MS = 2_000;
const EARLY_FOR_MS = 30_000;
const CAP_LATE_MS = 15_000;

export class Backoff {
  #attempt = 0;
  #sinceMs: number | null = null;

  /** Milliseconds until the next attempt; `random` is in [0, 1). */
  next(nowMs: number, random: number): number {
    this.#sinceMs ??= nowMs;
    const cap = nowMs - this.#sinceMs < EARLY_FOR_MS ? CAP_EARLY_MS : CAP_LATE_MS;
    const ceiling = Math.min(cap, FIRST_MS * 2 ** Math.min(this.#attempt, 16));
    this.#attempt += 1;
    return random * ceiling;
  }

  /** A connection stood: start over. */
  reset(): void {
    this.#attempt = 0;
    this.#sinceMs = null;
  }
}
