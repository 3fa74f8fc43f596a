// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Commands that wait for `accepted` or `refused`. They outlive a connection: after a reconnect the same ids are sent
// again, and the server runs each id once. Knows no socket.

import type { ClientMessage, Command, CommandId, RefusalCode } from '../protocol';

/** How a command ended. It never throws: a refusal is an answer. `lost`: nobody answered, and the server may have done it. */
export type Outcome = { ok: true } | { ok: false; code: RefusalCode; sentence: string; lost?: true };

type Open = { message: ClientMessage; sinceMs: number; tries: number; settle: (outcome: Outcome) => void };

/** A command older than this is not sent again: what was wanted then may surprise now. */
export const COMMAND_AGE_MAX_MS = 30_000;

/** A command that comes too fast is tried this often. */
const TRIES_MAX = 4;

const TOO_LATE: Outcome = { ok: false, code: 'unavailable', sentence: 'The connection was lost for too long.', lost: true };

export class Outbox {
  readonly #open = new Map<CommandId, Open>();

  add(id: CommandId, command: Command, nowMs: number): { message: ClientMessage; outcome: Promise<Outcome> } {
    const message: ClientMessage = { kind: 'command', id, command };
    const outcome = new Promise<Outcome>((settle) => this.#open.set(id, { message, sinceMs: nowMs, tries: 1, settle }));
    return { message, outcome };
  }

  /** Ends a command; unknown ids (answers that came twice) are ignored. */
  settle(id: CommandId, outcome: Outcome): void {
    this.#open.get(id)?.settle(outcome);
    this.#open.delete(id);
  }

  /** Counts one more try; how many there were before, or null where that was the last. */
  tryAgain(id: CommandId): number | null {
    const open = this.#open.get(id);
    if (!open || open.tries >= TRIES_MAX) return null;
    open.tries += 1;
    return open.tries - 1;
  }

  /** The command as it is sent, while it is not answered. */
  message(id: CommandId): ClientMessage | undefined {
    return this.#open.get(id)?.message;
  }

  /** What to send again on a new connection, oldest first. Those too old are refused here. */
  again(nowMs: number): ClientMessage[] {
    for (const [id, open] of this.#open) {
      if (nowMs - open.sinceMs > COMMAND_AGE_MAX_MS) this.settle(id, TOO_LATE);
    }
    return [...this.#open.values()].map((open) => open.message);
  }

  /** The session ends: nothing will be answered any more. */
  clear(): void {
    for (const id of [...this.#open.keys()]) this.settle(id, TOO_LATE);
  }

  get size(): number {
    return this.#open.size;
  }
}
