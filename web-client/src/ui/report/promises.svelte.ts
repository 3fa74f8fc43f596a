// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The promises of an event as organisers and moderators work on them, also after its end: the ordinary session,
// without a room and without media.

import type { Command, QuestionId, QuestionView, RefusalCode, RoomQuestion } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { Session } from '../../session/session';
import type { World } from '../../session/world';
import { EMPTY, reduce, type FairState } from '../../state/fair';
import type { Link } from '../model/shape';

/** What the desk is drawn from; fixtures fit it too. */
export interface PromisesModel {
  readonly link: Link;
  readonly closedBy: RefusalCode | null;
  /** Null: not known yet. */
  readonly list: readonly RoomQuestion[] | null;
  /** Whose it is from now on, and until when: days since 1970, null for no date. */
  promise(question: QuestionId, owner: string, dueDay: number | null): Promise<Outcome>;
  answer(question: QuestionView, text: string): Promise<Outcome>;
}

export class Promises implements PromisesModel {
  link = $state<Link>('connecting');
  closedBy = $state<RefusalCode | null>(null);
  list = $state.raw<readonly RoomQuestion[] | null>(null);

  readonly #session: Session;
  readonly #onchange: () => void;
  #state: FairState = EMPTY;

  constructor(event: string, world: World, onchange: () => void) {
    this.#onchange = onchange;
    this.#session = new Session({
      event,
      world,
      onMessage: (message) => {
        if (message.kind === 'follow_ups') this.list = message.questions;
        if (message.kind === 'snapshot' || message.kind === 'update') this.#state = reduce(this.#state, message);
        const role = this.#state.you?.role;
        // Others read what became of the promises on the page itself.
        if (role !== undefined && role !== 'moderator' && role !== 'organiser') this.#session.stop('not_allowed');
      },
      onStatus: (status) => {
        this.link = status.at;
        if (status.at === 'online') this.#look();
        if (status.at === 'closed') this.closedBy = status.code;
      },
    });
    this.#session.start();
  }

  promise(question: QuestionId, owner: string, dueDay: number | null): Promise<Outcome> {
    return this.#run({ kind: 'set_due', question, owner, ...(dueDay === null ? {} : { due_day: dueDay }) });
  }

  answer(question: QuestionView, text: string): Promise<Outcome> {
    return this.#run({ kind: 'answer_question', question: question.question, from: question.stage, text });
  }

  stop(): void {
    this.#session.stop();
  }

  async #run(command: Command): Promise<Outcome> {
    const outcome = await this.#session.command(command);
    // Also where it was refused: somebody else was faster.
    this.#look();
    if (outcome.ok) this.#onchange();
    return outcome;
  }

  #look(): void {
    this.#session.tell({ kind: 'follow_ups' });
  }
}
