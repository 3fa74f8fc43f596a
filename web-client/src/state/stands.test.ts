// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { standSummary } from '../testing/views';
import { attended, contentOf, draftOf, emptyDraft, found, hostOf, tagsOf, type ExportedStand } from './stands';

const stands = [
  standSummary('a', { name: 'Città aperta', line: 'Mappe', tags: ['Riuso', 'mappe'] }),
  standSummary('b', { name: 'Desk', line: 'Bookings', tags: ['riuso'] }),
];
const cards: ExportedStand[] = [
  { name: 'Desk', line: 'Bookings', language: 'en', card: { problem: 'Queues of two hours' }, by: null, reuse: 3, adopters: ['Comune di Forlì'] },
];

describe('search (J12)', () => {
  const ids = (search: string, tag: string | null = null) => found(stands, search, tag, cards).map(({ stand }) => stand);

  it('finds words anywhere on a card, without accents and capitals', () => {
    expect(ids('')).toEqual(['a', 'b']);
    expect(ids('citta')).toEqual(['a']);
    expect(ids('QUEUES desk')).toEqual(['b']);
    expect(ids('forli')).toEqual(['b']);
    expect(ids('queues mappe')).toEqual([]);
  });

  it('takes a tag whatever its capitals', () => {
    expect(ids('', 'RIUSO')).toEqual(['a', 'b']);
    expect(ids('', 'mappe')).toEqual(['a']);
    expect(tagsOf(stands)).toEqual(['Riuso', 'mappe']);
  });
});

describe('hours (J5)', () => {
  const hours = [{ from_unix_ms: 100, to_unix_ms: 200 }, { from_unix_ms: 300, to_unix_ms: 400 }];

  it('say whether somebody is there, or when', () => {
    expect(attended([], 5)).toEqual({ at: 'always' });
    expect(attended(hours, 50)).toEqual({ at: 'later', from: 100 });
    expect(attended(hours, 100)).toEqual({ at: 'now', until: 200 });
    expect(attended(hours, 200)).toEqual({ at: 'later', from: 300 });
    expect(attended(hours, 400)).toEqual({ at: 'over' });
  });
});

describe('links (J6)', () => {
  it('lead to https hosts and nowhere else', () => {
    expect(hostOf('https://code.example.org:8443/a')).toBe('code.example.org:8443');
    for (const bad of ['http://example.org', 'javascript:alert(1)', 'https://you@example.org', '', '//example.org']) {
      expect(hostOf(bad), bad).toBeNull();
    }
  });
});

describe('drafts', () => {
  it('give back what they were made of', () => {
    const content = {
      name: 'Desk', line: 'Bookings', language: 'en' as const, tags: ['reuse'], links: [{ title: 'Code', url: 'https://example.org' }],
      hours: [{ from_unix_ms: 1_790_000_040_000, to_unix_ms: 1_790_003_640_000 }], card: { method: 'One\nby one' },
    };
    expect(contentOf(draftOf(content))).toEqual({ content });
  });

  it('name what to correct', () => {
    const draft = { ...emptyDraft('it'), name: ' Desk ', line: 'Bookings' };
    expect(contentOf(draft)).toEqual({ content: { name: 'Desk', line: 'Bookings', language: 'it' } });
    expect(contentOf({ ...draft, line: ' ' })).toEqual({ fault: 'line' });
    expect(contentOf({ ...draft, tags: '1,2,3,4,5,6,7' })).toEqual({ fault: 'tags' });
    expect(contentOf({ ...draft, links: [{ title: 'x', url: 'http://example.org' }] })).toEqual({ fault: 'links' });
    expect(contentOf({ ...draft, hours: [{ from: '2026-11-22T10:00', to: '2026-11-22T09:00' }] })).toEqual({ fault: 'hours' });
  });
});
