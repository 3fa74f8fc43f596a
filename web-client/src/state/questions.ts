// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Questions in the order in which people want to read them. Pure.

import type { QuestionView } from '../protocol';

export type Order = 'votes' | 'time' | 'unanswered';

export function orderOf(kept: string | null): Order {
  return kept === 'time' || kept === 'unanswered' ? kept : 'votes';
}

export interface Sorted {
  readonly now: QuestionView | null;
  readonly next: readonly QuestionView[];
  readonly open: readonly QuestionView[];
  readonly done: readonly QuestionView[];
}

/**
 * Now on top, then what comes next, then what is open by votes (the earlier first where equal) or newest first. Unanswered:
 * what waits longest first, with what is to be followed up.
 */
export function sorted(questions: readonly QuestionView[], order: Order): Sorted {
  const at = (stage: QuestionView['stage']) => questions.filter((one) => one.stage === stage);
  const compare = (a: QuestionView, b: QuestionView): number =>
    order === 'votes' ? b.upvotes - a.upvotes || a.order - b.order : order === 'time' ? b.order - a.order : a.order - b.order;
  return {
    now: at('now')[0] ?? null,
    next: at('next'),
    open: [...at('published'), ...(order === 'unanswered' ? at('follow_up') : [])].sort(compare),
    done: questions.filter((one) => one.stage === 'answered' || one.stage === 'follow_up').reverse(),
  };
}
