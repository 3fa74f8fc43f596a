// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import { nameFor } from './alias';

test('who acts on a stage gives a name or chooses the alias', () => {
  for (const role of ['speaker', 'moderator', 'organiser'] as const) {
    expect(nameFor(role, '  ', 'Green Fountain 21', false)).toBeNull();
    expect(nameFor(role, '', 'Green Fountain 21', true)).toBe('Green Fountain 21');
    expect(nameFor(role, ' Ada ', 'Green Fountain 21', false)).toBe('Ada');
  }
});

test('nobody else is asked', () => {
  for (const role of [null, 'attendee', 'captioner'] as const) {
    expect(nameFor(role, ' ', 'Green Fountain 21', false)).toBe('Green Fountain 21');
    expect(nameFor(role, 'Ada', 'Green Fountain 21', true)).toBe('Green Fountain 21');
  }
});
