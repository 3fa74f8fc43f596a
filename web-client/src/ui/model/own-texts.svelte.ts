// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The list of one's own texts, kept in the tab's storage: a reload does not take away the power to delete them.

import { recognised, secretOf, withOwn, pendingOf, type OwnText } from '../../state/own';
import type { FairState } from '../../state/fair';
import { recallOwn, rememberOwn } from '../memory';

export class OwnTexts {
  readonly #event: string;
  all = $state.raw<readonly OwnText[]>([]);

  constructor(event: string) {
    this.#event = event;
    this.all = recallOwn(event);
  }

  add(text: OwnText): void {
    this.#keep(withOwn(this.all, text));
  }

  /** Refused, or thrown away. */
  drop(secret: string): void {
    this.#keep(this.all.filter((one) => one.secret !== secret));
  }

  follow(state: FairState): void {
    const { room, backstage, you } = state;
    if (!room || !you) return;
    const seen = { questions: room.questions, chat: room.chat, backstage: backstage?.chat ?? [], cards: room.cards };
    const next = recognised(this.all, room.room, seen, you.participant);
    if (next !== this.all) this.#keep(next);
  }

  secret(id: string): string | null {
    return secretOf(this.all, id);
  }

  pending(room: string | null): OwnText[] {
    return pendingOf(this.all, room);
  }

  #keep(all: readonly OwnText[]): void {
    this.all = all;
    rememberOwn(this.#event, all);
  }
}
