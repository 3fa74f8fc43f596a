// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the direction does with commands: moves with undo, and refusals told beside what they are about.
// Knows the model of the fair, no DOM.

import type { Command, Publisher, QuestionView, RefusalCode, SourceKind } from '../../protocol';
import type { Clock } from '../../session/world';
import type { FairModel } from '../model/shape';
import { TARGET, columns, type Act, type Columns } from './columns';
import { UndoToast } from './undo.svelte';

/** Seconds that both sides see before somebody goes on air. */
export const COUNTDOWN_S = 10;

/** What went wrong last, in the terms of a moderator. */
export interface Trouble {
  readonly code: RefusalCode;
  /** The question it is about, as it is now; null: it is about something else. */
  readonly question: string | null;
}

export class Direct {
  trouble = $state.raw<Trouble | null>(null);
  /** Sources that were switched off from here: those of a program can be switched on again, as nobody sits there. */
  switchedOff = $state.raw<ReadonlySet<string>>(new Set());
  readonly undo: UndoToast;
  readonly fair: FairModel;

  constructor(fair: FairModel, clock: Clock) {
    this.fair = fair;
    this.undo = new UndoToast(clock);
  }

  get columns(): Columns {
    return columns(this.fair.state.room?.questions ?? [], this.fair.state.moderators?.questions ?? []);
  }

  /** Any command; a refusal is told beside the direction. */
  async run(command: Command, question: string | null = null): Promise<boolean> {
    this.trouble = null;
    const outcome = await this.fair.ask(command);
    if (!outcome.ok) this.trouble = { code: outcome.code, question };
    return outcome.ok;
  }

  async act(question: QuestionView, act: Act, note = ''): Promise<boolean> {
    if (act === 'erase') return this.run({ kind: 'erase_question', question: question.question }, question.question);
    const to = TARGET[act];
    const words = note.trim();
    const ok = await this.run(
      { kind: 'set_question', question: question.question, from: question.stage, to, ...(words ? { note: words } : {}) },
      question.question,
    );
    if (ok) this.undo.show({ question: question.question, text: question.text, to });
    return ok;
  }

  async takeBack(): Promise<boolean> {
    const moved = this.undo.take();
    return moved !== null && this.run({ kind: 'undo_question', question: moved.question }, moved.question);
  }

  async setSource(one: Publisher, source: SourceKind, live: boolean): Promise<void> {
    const key = sourceKey(one.participant, source);
    const ok = await this.run({ kind: 'set_source', source, live, participant: one.participant });
    const next = new Set(this.switchedOff);
    // Refused to switch on: a person sits there, who does it alone.
    if (live || !ok) next.delete(key);
    else next.add(key);
    this.switchedOff = next;
  }

  /** What can be switched on again from here. */
  offOf(one: Publisher): SourceKind[] {
    const kinds: SourceKind[] = ['mic', 'camera', 'screen'];
    return kinds.filter((kind) => !one.sources.includes(kind) && this.switchedOff.has(sourceKey(one.participant, kind)));
  }
}

function sourceKey(participant: string, source: SourceKind): string {
  return `${participant}/${source}`;
}
