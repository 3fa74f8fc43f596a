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

  async act(question: QuestionView, act: Act, note = '', dueDay: number | null = null): Promise<boolean> {
    const id = question.question;
    const words = note.trim();
    switch (act) {
      case 'erase':
        return this.run({ kind: 'erase_question', question: id }, id);
      case 'edit':
        return this.run({ kind: 'edit_question', question: id, text: words }, id);
      case 'archive':
      case 'unarchive':
        return this.run({ kind: 'archive_questions', questions: [id], archived: act === 'archive' }, id);
      case 'write': {
        const ok = await this.run({ kind: 'answer_question', question: id, from: question.stage, text: words }, id);
        if (ok) this.undo.show({ question: id, text: question.text, to: 'answered' });
        return ok;
      }
    }
    const to = TARGET[act];
    const ok = await this.run(
      { kind: 'set_question', question: question.question, from: question.stage, to, ...(words ? { note: words } : {}) },
      question.question,
    );
    if (ok) this.undo.show({ question: question.question, text: question.text, to });
    if (ok && dueDay !== null) await this.run({ kind: 'set_due', question: id, due_day: dueDay }, id);
    return ok;
  }

  /** Makes one question of several: the one with the most votes stays, of equals the one that was asked first. */
  async merge(questions: readonly QuestionView[]): Promise<boolean> {
    const into = mergeTarget(questions);
    if (!into) return false;
    const parts = questions.filter((one) => one !== into).map((one) => one.question);
    const ok = await this.run({ kind: 'merge_questions', into: into.question, questions: parts }, into.question);
    if (ok) this.undo.show({ question: into.question, text: into.text, to: 'merged' });
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

/** Which of several questions stays; null: there are no two. What everybody sees stays before what waits. */
export function mergeTarget(questions: readonly QuestionView[]): QuestionView | null {
  if (questions.length < 2) return null;
  const rank = (one: QuestionView): number => (one.stage === 'now' ? 0 : one.stage === 'pending' ? 2 : 1);
  const [first = null] = [...questions].sort((a, b) => rank(a) - rank(b) || b.upvotes - a.upvotes || a.order - b.order);
  return first;
}

function sourceKey(participant: string, source: SourceKind): string {
  return `${participant}/${source}`;
}
