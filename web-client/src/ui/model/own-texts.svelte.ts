// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The list of one's own texts, kept in the browser: neither a reload nor a restart takes away the power over them. Their
// words are not kept once the server knows them: it tells them again to who has the secret.

import type { Change, OwnQuestion } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import type { FairState } from '../../state/fair';
import { concerns, ownIn, pendingOf, recognised, secretOf, secretsOf, withFound, withOwn, type Mine, type OwnText } from '../../state/own';
import { recallOwn, rememberOwn } from '../memory';

export class OwnTexts {
  readonly #event: string;
  readonly #ask: (secrets: string[]) => void;
  /** Secrets of other things that the server finds in the same way. */
  readonly #beside: () => readonly string[];
  /** Whose they are; null: the server has not said it yet. */
  #who: string | null = null;
  all = $state.raw<readonly OwnText[]>([]);
  /** One's own questions in the event, as the server said last. */
  found = $state.raw<readonly OwnQuestion[]>([]);

  constructor(event: string, ask: (secrets: string[]) => void, beside: () => readonly string[] = () => []) {
    this.#event = event;
    this.#ask = ask;
    this.#beside = beside;
  }

  add(text: OwnText): void {
    this.#keep(withOwn(this.all, text));
  }

  /** Thrown away. */
  drop(secret: string): void {
    this.#keep(this.all.filter((one) => one.secret !== secret));
  }

  /** How it ended to send a text: one that was refused is forgotten, one that nobody answered may be there all the same. */
  ended(secret: string, outcome: Outcome): void {
    if (!outcome.ok && !outcome.lost) this.drop(secret);
  }

  /** A question of one's own is gone. */
  withdrawn(question: string): void {
    this.found = this.found.filter((one) => one.question.question !== question);
  }

  follow(state: FairState): void {
    const { room, backstage, you } = state;
    if (you && you.participant !== this.#who) {
      this.#who = you.participant;
      this.all = recallOwn(this.#event, you.participant);
      this.found = [];
      this.refresh();
    }
    if (!room || !you) return;
    const seen = { questions: room.questions, chat: room.chat, backstage: backstage?.chat ?? [], cards: room.cards };
    const next = recognised(this.all, room.room, seen, you.participant);
    if (next !== this.all) this.#keep(next);
  }

  /** Asks the server what became of them. */
  refresh(): void {
    const secrets = secretsOf(this.all, this.#beside());
    if (secrets.length > 0) this.#ask(secrets);
  }

  /** Whether a change of the room is a reason to ask. */
  concerns(change: Change): boolean {
    return concerns(change, this.all, this.found);
  }

  heard(mine: Mine): void {
    this.found = mine.questions;
    this.#keep(withFound(this.all, mine));
  }

  /** Whether any waits for somebody else to decide. */
  get waits(): boolean {
    return this.found.some((one) => one.question.stage === 'pending') || this.all.some((one) => one.kind === 'question' && one.id === null);
  }

  in(state: FairState): OwnQuestion[] {
    return ownIn(this.found, state.room?.room ?? null, state.room?.questions ?? []);
  }

  /** The secret of thanks for oneself that one made public. */
  shownSecret(thanks: string): string | null {
    return secretOf(this.all, thanks, 'shown');
  }

  secret(id: string): string | null {
    return secretOf(this.all, id) ?? this.found.find((one) => one.question.question === id)?.secret ?? null;
  }

  pending(room: string | null): OwnText[] {
    return pendingOf(this.all, room);
  }

  /** One goes: whoever sits down next finds nothing of it. */
  forget(): void {
    this.found = [];
    this.#keep([]);
  }

  #keep(all: readonly OwnText[]): void {
    this.all = all;
    if (this.#who !== null) rememberOwn(this.#event, this.#who, all);
  }
}
