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
  /** Put away; the last asked first. */
  readonly archived: readonly QuestionView[];
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
  const at = (...stages: QuestionStage[]): QuestionView[] => [...all.values()].filter((one) => !one.archived && stages.includes(one.stage));
  return {
    incoming: at('pending').sort(asked),
    now: at('now').sort(asked)[0] ?? null,
    next: at('next').sort(asked),
    published: at('published').sort(supported),
    done: at('answered', 'follow_up', 'dismissed').sort((a, b) => asked(b, a)),
    archived: [...all.values()].filter((one) => one.archived).sort((a, b) => asked(b, a)),
  };
}

/** What a moderator can do with a question. */
export type Act = 'publish' | 'next' | 'now' | 'answered' | 'followup' | 'dismiss' | 'back' | 'erase' | 'edit' | 'write' | 'archive' | 'unarchive';

/** Acts that take a question nowhere else. */
export type Stays = 'erase' | 'edit' | 'write' | 'archive' | 'unarchive';
/** Where each of the others takes a question. */
export const TARGET: Record<Exclude<Act, Stays>, QuestionStage> = {
  publish: 'published', next: 'next', now: 'now', answered: 'answered', followup: 'follow_up', dismiss: 'dismissed', back: 'published',
};

/** Acts that need words: who follows up, why it is dismissed. */
export const NEEDS_NOTE: ReadonlySet<Act> = new Set(['followup', 'dismiss']);

/** Acts that a shortcut cannot carry out at once: they need words or a second click. */
export const ASKS: ReadonlySet<Act> = new Set([...NEEDS_NOTE, 'erase', 'edit', 'write']);

/** Stages of questions that can become part of another one. */
export const MERGES: ReadonlySet<QuestionStage> = new Set(['pending', 'published', 'next']);

const ACTS: Record<QuestionStage, readonly Act[]> = {
  pending: ['publish', 'next', 'now', 'dismiss', 'edit', 'erase'],
  published: ['next', 'now', 'answered', 'write', 'followup', 'dismiss', 'erase'],
  next: ['now', 'answered', 'write', 'followup', 'dismiss', 'back', 'erase'],
  now: ['answered', 'write', 'followup', 'dismiss', 'back', 'erase'],
  answered: ['archive', 'write', 'back', 'erase'],
  follow_up: ['write', 'answered', 'back', 'erase'],
  dismissed: ['archive', 'back', 'erase'],
};

export function actsOf(stage: QuestionStage, archived = false): readonly Act[] {
  return archived ? ['unarchive', 'erase'] : ACTS[stage];
}

/** Which question a shortcut means where none has the focus: the one whose turn it is. */
export function meant(columns: Columns, act: Act): QuestionView | null {
  const { incoming, now, next, published, done } = columns;
  // What nobody has read before never goes on by a key that was meant for what is published.
  const turn = act === 'publish' || act === 'dismiss' ? [...incoming, ...published]
    : act === 'edit' ? incoming
    : act === 'archive' ? done
    : act === 'next' ? published
    : act === 'now' ? [...next, ...published]
    : now ? [now] : [];
  return turn.find((one) => actsOf(one.stage).includes(act)) ?? null;
}

/** The one to stand on after the one at `index` left its list: the next, else the one before; null: the list is empty. */
export function neighbour<T>(list: readonly T[], index: number): T | null {
  return list[index] ?? list[list.length - 1] ?? null;
}
