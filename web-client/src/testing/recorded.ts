// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A server that tells one tab what the real hub told a tab in a simulated fair (`tests/sim`), message by message. On
// the way it may lose updates, break the connection and put several messages into one frame; whoever asks gets what is
// missing, as the protocol has it.

import type { ClientMessage, ServerMessage, StreamId, StreamState } from '../protocol';
import { streamKey } from '../session/streams';
import type { MemorySocket, VirtualClock } from './world';

/** What happens to a tab, as far as it learns of it. */
export type Recorded = 'lost' | { said: ServerMessage } | { knows: StreamState[] };

type Snapshot = Extract<ServerMessage, { kind: 'snapshot' }>;
type Update = Extract<ServerMessage, { kind: 'update' }>;
/** One stream as this connection of the tab was told it: a snapshot and everything since. */
type Told = { snapshot: Snapshot; updates: Update[] };

const WELCOME: ServerMessage = { kind: 'welcome', version: 1, server_unix_ms: 0, resumed: true };

export class RecordedServer {
  /** Of a thousand updates so many are lost, and after so many messages the connection breaks. */
  losses = 0;
  breaks = 0;
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #told = new Map<string, Told>();
  #socket: MemorySocket | null = null;
  #frame: ServerMessage[] = [];

  constructor(clock: VirtualClock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  accept(socket: MemorySocket): void {
    socket.onsent = (text) => this.#hear(socket, JSON.parse(text) as ClientMessage);
    this.#clock.after(5, () => socket.onopen?.());
  }

  /** The connection that the record is of ended: what it was told holds no longer. */
  lose(): void {
    this.break();
    this.#told.clear();
  }

  break(): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#frame = [];
    socket?.break();
  }

  say(message: ServerMessage): void {
    if (message.kind === 'snapshot') {
      // One is in one room at a time: what was told of the one before is followed no longer.
      for (const [key, { snapshot }] of this.#told) if (snapshot.stream.of === message.stream.of) this.#told.delete(key);
      this.#told.set(streamKey(message.stream), { snapshot: message, updates: [] });
    }
    if (message.kind === 'update') this.#told.get(streamKey(message.stream))?.updates.push(message);
    if (message.kind === 'welcome') return;
    if (this.#random() * 1_000 < this.breaks) this.break();
    // Only updates can be missed: a snapshot is what a reader that was too slow gets.
    if (message.kind === 'update' && this.#random() * 1_000 < this.losses) return;
    this.#send(message);
    if (this.#random() < 0.6) this.flush();
  }

  flush(): void {
    const frame = this.#frame;
    this.#frame = [];
    if (frame.length > 0) this.#socket?.deliver(frame);
  }

  /** Says the last word of each stream again, so that who missed it notices. */
  repeat(): void {
    for (const { snapshot, updates } of this.#told.values()) this.#send(updates.at(-1) ?? snapshot);
    this.flush();
  }

  #send(message: ServerMessage): void {
    if (this.#socket) this.#frame.push(message);
  }

  #hear(socket: MemorySocket, message: ClientMessage): void {
    if (message.kind === 'hello') {
      this.#socket = socket;
      this.#frame = [WELCOME];
      for (const told of this.#told.values()) this.#frame.push(told.snapshot, ...told.updates);
      this.flush();
    } else if (message.kind === 'resync' && socket === this.#socket) {
      this.#resync(message.stream, message.have);
    }
  }

  #resync(stream: StreamId, have: { epoch: number; n: number } | undefined): void {
    const told = this.#told.get(streamKey(stream));
    if (!told) return;
    const { snapshot, updates } = told;
    const follows = have !== undefined && have.epoch === snapshot.epoch && have.n >= snapshot.n;
    // Half of the time the server does not have the missing updates any more.
    const missing = follows && this.#random() < 0.5 ? updates.filter((one) => one.n > have.n) : [snapshot, ...updates];
    for (const one of missing) this.#send(one);
    this.flush();
  }
}
