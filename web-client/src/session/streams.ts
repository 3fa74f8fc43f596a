// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Follows the numbering of streams and tells which messages may be applied. Knows no content and no socket.

import type { StreamId, StreamPosition } from '../protocol';

/** What to do with an update. `gap`: leave it and ask `resync`; `wait`: leave it, a snapshot was asked for. */
export type Verdict = 'apply' | 'old' | 'gap' | 'wait';

const RESYNC_REPEAT_MS = 2_000;

/** One text per stream, for use as a key. */
export function streamKey(stream: StreamId): string {
  return 'room' in stream ? `${stream.of}/${stream.room}` : stream.of;
}

export class Streams {
  readonly #positions = new Map<string, StreamPosition>();
  readonly #asked = new Map<string, number>();

  /** A snapshot replaces all that is known of its stream. */
  snapshot(stream: StreamId, epoch: number, n: number): void {
    const key = streamKey(stream);
    this.#asked.delete(key);
    this.#positions.set(key, { epoch, n });
  }

  /** How far the stream was followed, for `resync`. */
  position(stream: StreamId): StreamPosition | undefined {
    return this.#positions.get(streamKey(stream));
  }

  update(stream: StreamId, epoch: number, n: number, nowMs: number): Verdict {
    const key = streamKey(stream);
    const at = this.#positions.get(key);
    if (at && at.epoch === epoch && n <= at.n) return 'old';
    if (at && at.epoch === epoch && n === at.n + 1) {
      at.n = n;
      return 'apply';
    }
    const asked = this.#asked.get(key);
    if (asked !== undefined && nowMs - asked < RESYNC_REPEAT_MS) return 'wait';
    this.#asked.set(key, nowMs);
    return 'gap';
  }

  /** A new connection: snapshots come again, and positions of the old one prove nothing. */
  reset(): void {
    this.#positions.clear();
    this.#asked.clear();
  }
}
