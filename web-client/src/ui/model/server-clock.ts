// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The server's wall clock as far as this page knows it: what `welcome` said, and the time that passed since.
// The browser's own date may be wrong by hours and jump.

import type { Clock } from '../../session/world';

export class ServerClock {
  readonly #clock: Clock;
  #offsetMs: number;

  /** Until the first `welcome` the browser's date stands in. */
  constructor(clock: Clock, unixMs: number) {
    this.#clock = clock;
    this.#offsetMs = unixMs - clock.now();
  }

  /** The server said what time it is. The way of the message, some tens of milliseconds, is left out. */
  set(unixMs: number): void {
    this.#offsetMs = unixMs - this.#clock.now();
  }

  now(): number {
    return this.#clock.now() + this.#offsetMs;
  }

  /** Whole seconds until a moment, at least 0. */
  secondsUntil(unixMs: number): number {
    return Math.max(0, Math.ceil((unixMs - this.now()) / 1_000));
  }
}
