// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The board of ideas in the order that a reader wants. Pure.

import type { IdeaStage, IdeaView } from '../protocol';

export type IdeaOrder = 'votes' | 'newest';

/** What is still open comes first; what became part of another idea stands right after it. */
export function ideasInOrder(ideas: readonly IdeaView[], order: IdeaOrder): IdeaView[] {
  const rank: Record<IdeaStage, number> = { proposed: 0, planned: 1, done: 2, refused: 3 };
  const by = (a: IdeaView, b: IdeaView): number =>
    order === 'newest' ? b.order - a.order : rank[a.stage] - rank[b.stage] || b.votes - a.votes || a.order - b.order;
  const known = new Set(ideas.map((one) => one.idea));
  const under = (idea: string): IdeaView[] =>
    ideas.filter((one) => one.merged_into === idea).sort(by).flatMap((one) => [one, ...under(one.idea)]);
  const whole = ideas.filter((one) => one.merged_into === undefined || !known.has(one.merged_into));
  return whole.sort(by).flatMap((one) => [one, ...under(one.idea)]);
}
