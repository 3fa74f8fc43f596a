// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The world as the session sees it: time, chance and sockets, handed in so that tests can own them.

/** A pending timer, as the clock that made it understands it. */
export type Timer = unknown;

/** Time, as an argument. */
export interface Clock {
  /** Milliseconds on any monotonic line. */
  now(): number;
  after(ms: number, run: () => void): Timer;
  cancel(timer: Timer): void;
}

/** Chance, as an argument. */
export interface Chance {
  /** In [0, 1). */
  random(): number;
  uuid(): string;
}

/** The part of a WebSocket that the session uses. Handlers are set before any of them is called. */
export interface Socket {
  send(text: string): void;
  /** With a code (RFC 6455) where the end is meant; without, the connection is given up. */
  close(code?: number): void;
  onopen: (() => void) | null;
  onmessage: ((text: string) => void) | null;
  onclose: (() => void) | null;
}

/** Opens a new socket to the hub. */
export type SocketFactory = () => Socket;

export interface World {
  clock: Clock;
  chance: Chance;
  connect: SocketFactory;
}
