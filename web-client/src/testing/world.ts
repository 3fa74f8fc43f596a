// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A world of its own for tests: virtual time, seeded chance, sockets in memory. Nothing here sleeps.

import type { Chance, Clock, Socket, Timer, World } from '../session/world';

type Due = { at: number; order: number; run: () => void };

/** Time that moves only when told to. */
export class VirtualClock implements Clock {
  #now = 0;
  #order = 0;
  readonly #due = new Set<Due>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): Timer {
    const due: Due = { at: this.#now + Math.max(0, ms), order: this.#order++, run };
    this.#due.add(due);
    return due;
  }

  cancel(timer: Timer): void {
    this.#due.delete(timer as Due);
  }

  /** Runs everything that falls due within the next `ms`. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }

  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#due) {
      if (due.at > end) continue;
      if (!first || due.at < first.at || (due.at === first.at && due.order < first.order)) first = due;
    }
    return first;
  }
}

/** mulberry32: the same seed, the same run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function chanceOf(random: () => number): Chance {
  let ids = 0;
  return { random, uuid: () => `id-${(ids++).toString().padStart(6, '0')}` };
}

/** The client's half of a socket in memory; the test holds the other half. */
export class MemorySocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((text: string) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: string[] = [];
  closed = false;
  /** The code of an orderly end. */
  closedWith: number | undefined;
  /** Where the far end listens. */
  onsent: ((text: string) => void) | null = null;

  send(text: string): void {
    if (this.closed) return;
    this.sent.push(text);
    this.onsent?.(text);
  }

  close(code?: number): void {
    this.closed = true;
    this.closedWith = code;
  }

  /** The far end speaks. */
  deliver(messages: unknown[]): void {
    if (!this.closed) this.onmessage?.(JSON.stringify(messages));
  }

  /** The connection breaks for both. */
  break(): void {
    if (this.closed) return;
    this.closed = true;
    this.onclose?.();
  }
}

/** A world whose sockets are kept for the test. */
export function testWorld(seed = 1): { world: World; clock: VirtualClock; sockets: MemorySocket[] } {
  const clock = new VirtualClock();
  const sockets: MemorySocket[] = [];
  const connect = (): Socket => {
    const socket = new MemorySocket();
    sockets.push(socket);
    return socket;
  };
  return { world: { clock, chance: chanceOf(seeded(seed)), connect }, clock, sockets };
}
