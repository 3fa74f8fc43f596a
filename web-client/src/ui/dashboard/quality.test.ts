// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import { SUPPRESSED_BELOW, type RoomNumbers } from '../../protocol';
import { saidOf } from './quality';

const room = (over: Partial<RoomNumbers>): RoomNumbers =>
  ({ room: 'stage', people: SUPPRESSED_BELOW, on_air: 1, hands: 0, open_questions: 0, quality: null, ...over });

test('a word of the server is said, and where there is none the reason', () => {
  expect(saidOf(room({ quality: 'poor' }))).toBe('poor');
  expect(saidOf(room({ on_air: 0 }))).toBe('nobody');
  expect(saidOf(room({ people: SUPPRESSED_BELOW - 1 }))).toBe('few');
  expect(saidOf(room({}))).toBe('unknown');
});
