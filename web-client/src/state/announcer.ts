// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The one voice for screen readers: polite sentences are gathered and spoken at most every 5 s; urgent ones (on air,
// moved, disconnected, ended) at once. Writes to two texts that live regions show; never touches the DOM.

import type { Clock, Timer } from '../session/world';

export const POLITE_EVERY_MS = 5_000;
/** Sentences kept for one polite message; older ones give way. */
const GATHERED_MAX = 4;

export class Announcer {
  readonly #clock: Clock;
  readonly #speak: (polite: string, assertive: string) => void;
  #waiting: string[] = [];
  #timer: Timer | null = null;
  #lastMs = -Infinity;
  #polite = '';

  constructor(clock: Clock, speak: (polite: string, assertive: string) => void) {
    this.#clock = clock;
    this.#speak = speak;
  }

  polite(sentence: string): void {
    this.#waiting = [...this.#waiting.filter((one) => one !== sentence), sentence].slice(-GATHERED_MAX);
    if (this.#timer !== null) return;
    const wait = Math.max(0, this.#lastMs + POLITE_EVERY_MS - this.#clock.now());
    this.#timer = this.#clock.after(wait, () => this.#flush());
  }

  /** What is no longer true is not said any more, if it still waits. */
  takeBack(sentence: string): void {
    this.#waiting = this.#waiting.filter((one) => one !== sentence);
  }

  assertive(sentence: string): void {
    this.#speak(this.#polite, sentence);
  }

  #flush(): void {
    this.#timer = null;
    if (this.#waiting.length === 0) return;
    this.#lastMs = this.#clock.now();
    this.#polite = this.#waiting.join(' ');
    this.#waiting = [];
    this.#speak(this.#polite, '');
  }
}
