// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { shares } from '../direct/poll-draft';
import { cloudSize, moved, ratings } from './outcome';

it('a rating has a row for each number of its scale', () => {
  expect(ratings(0, [1, 0, 3]).map((row) => [row.rating, row.votes, row.share])).toEqual([[0, 1, 0.25], [1, 0, 0], [2, 3, 0.75]]);
  expect(ratings(1, [0, 0]).every((row) => row.share === 0)).toBe(true);
});

it('a word is larger the more often it came, and never unreadable', () => {
  expect(cloudSize(100, 100)).toBeGreaterThan(cloudSize(25, 100));
  expect(cloudSize(1, 1_000)).toBeGreaterThanOrEqual(0.9);
});

it('an answer moves by one place and not out of the list', () => {
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
});

it('where each may choose several, shares are of people', () => {
  const poll = { form: { kind: 'multiple', min: 1, max: 2 } as const, answers: 4 };
  expect(shares(poll, [4, 2])).toEqual([100, 50]);
  expect(shares({ form: { kind: 'single' }, answers: 3 }, [2, 1])).toEqual([67, 33]);
});
