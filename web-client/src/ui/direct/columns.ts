// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The questions of a room as its moderators sort them: three columns, and what may be done with each. Pure.

import type { QuestionStage, QuestionView } from '../../protocol';

export interface Columns {
  /** Wait for a moderator, in the order in which they were asked. */
  readonly incoming: readonly QuestionView[];
  /** Is being answered; one at most. */
  readonly now: QuestionView | null;
  /** Come up soon, in the order in which they were asked. */
  readonly next: readonly QuestionView[];
  /** Everybody sees them; best supported first. */
  readonly published: readonly QuestionView[];
  /** Answered, followed up or dismissed; the last asked first. */
  readonly done: readonly QuestionView[];
}

const asked = (a: QuestionView, b: QuestionView): number => a.order - b.order;
const supported = (a: QuestionView, b: QuestionView): number => b.upvotes - a.upvotes || asked(a, b);

/**
 * A question moves between the stream of the room and that of its moderators, and for a moment both may name it:
 * then the room's word counts, because what everybody sees must never look hidden to a moderator.
 */
export function columns(ofRoom: readonly QuestionView[], ofModerators: readonly QuestionView[]): Columns {
  const all = new Map<string, QuestionView>();
  for (const question of [...ofModerators, ...ofRoom]) all.set(question.question, question);
  const at = (...stages: QuestionStage[]): QuestionView[] => [...all.values()].filter((one) => stages.includes(one.stage));
  return {
    incoming: at('pending').sort(asked),
    now: at('now').sort(asked)[0] ?? null,
    next: at('next').sort(asked),
    published: at('published').sort(supported),
    done: at('answered', 'follow_up', 'dismissed').sort((a, b) => asked(b, a)),
  };
}

/** What a moderator can do with a question. */
export type Act = 'publish' | 'next' | 'now' | 'answered' | 'followup' | 'dismiss' | 'back' | 'erase';

/** Where each act takes a question; `erase` takes it nowhere. */
export const TARGET: Record<Exclude<Act, 'erase'>, QuestionStage> = {
  publish: 'published', next: 'next', now: 'now', answered: 'answered', followup: 'follow_up', dismiss: 'dismissed', back: 'published',
};

/** Acts that need words: who follows up, why it is dismissed. */
export const NEEDS_NOTE: ReadonlySet<Act> = new Set(['followup', 'dismiss']);

const ACTS: Record<QuestionStage, readonly Act[]> = {
  pending: ['publish', 'next', 'now', 'dismiss', 'erase'],
  published: ['next', 'now', 'answered', 'followup', 'dismiss', 'erase'],
  next: ['now', 'answered', 'followup', 'dismiss', 'back', 'erase'],
  now: ['answered', 'followup', 'dismiss', 'back', 'erase'],
  answered: ['back', 'erase'],
  follow_up: ['answered', 'back', 'erase'],
  dismissed: ['back', 'erase'],
};

export function actsOf(stage: QuestionStage): readonly Act[] {
  return ACTS[stage];
}

/** Which question a shortcut means where none has the focus: the one whose turn it is. */
export function meant(columns: Columns, act: Act): QuestionView | null {
  const { incoming, now, next, published } = columns;
  // What nobody has read before never goes on by a key that was meant for what is published.
  const turn = act === 'publish' || act === 'dismiss' ? [...incoming, ...published]
    : act === 'next' ? published
    : act === 'now' ? [...next, ...published]
    : now ? [now] : [];
  return turn.find((one) => actsOf(one.stage).includes(act)) ?? null;
}

/** The one to stand on after the one at `index` left its list: the next, else the one before; null: the list is empty. */
export function neighbour<T>(list: readonly T[], index: number): T | null {
  return list[index] ?? list[list.length - 1] ?? null;
}
