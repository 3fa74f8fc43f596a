// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The last moves of questions, each for 10 s: what the undo toast shows. Time is handed in.

import type { QuestionStage } from '../../protocol';
import type { Clock, Timer } from '../../session/world';

export const UNDO_MS = 10_000;

export interface Moved {
  readonly question: string;
  readonly text: string;
  /** Where it went; `merged`: others became part of it. */
  readonly to: QuestionStage | 'merged';
}

export class UndoToast {
  /** The move that can be taken back now. */
  moved = $state.raw<Moved | null>(null);

  readonly #clock: Clock;
  #timer: Timer | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A later move takes the place of an earlier one: undo means the last. */
  show(moved: Moved): void {
    this.clear();
    this.moved = moved;
    this.#timer = this.#clock.after(UNDO_MS, () => this.clear());
  }

  /** Hands the move out once: two clicks undo once. */
  take(): Moved | null {
    const { moved } = this;
    this.clear();
    return moved;
  }

  clear(): void {
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
    this.#timer = null;
    this.moved = null;
  }
}
