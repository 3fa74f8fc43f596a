// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import type { IdeaView } from '../protocol';
import { ideasInOrder } from './ideas';

const idea = (id: string, order: number, votes: number, over: Partial<IdeaView> = {}): IdeaView => ({
  idea: id, title: id, by: null, presents: false, stage: 'proposed', votes, order, ...over,
});

test('the board shows open ideas first, parts under the idea that they became part of', () => {
  const ideas = [idea('a', 0, 1), idea('b', 1, 9, { stage: 'refused' }), idea('c', 2, 5), idea('d', 3, 7, { merged_into: 'a' }), idea('e', 4, 2, { merged_into: 'd' })];
  expect(ideasInOrder(ideas, 'votes').map((one) => one.idea)).toEqual(['c', 'a', 'd', 'e', 'b']);
  expect(ideasInOrder(ideas, 'newest').map((one) => one.idea)).toEqual(['c', 'b', 'a', 'd', 'e']);
});
