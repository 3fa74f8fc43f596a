// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { ANNOUNCEMENTS_SHOWN_MAX, CHAT_SHOWN_MAX, CURVE_POINTS_MAX, type Change, type StreamState } from '../protocol';
import { backstageView, chatMessage, eventView, moderatorsView, pollView, questionView, roomSummary, roomView } from '../testing/views';
import { apply } from './apply';

const run = (state: StreamState, ...changes: Change[]): StreamState =>
  changes.reduce((at, change) => apply(at, change) ?? at, state);
const room = (over = {}): StreamState => ({ of: 'room', ...roomView(over) });
const words = (state: StreamState): string[] => ('questions' in state ? state.questions.map((one) => one.question) : []);

describe('questions', () => {
  const add = (id: string, order: number, over = {}): Change => ({ kind: 'question', question: questionView(id, { order, ...over }) });

  it('stand in the order in which they were asked, whenever they are published', () => {
    expect(words(run(room(), add('b', 2), add('c', 3), add('a', 1)))).toEqual(['a', 'b', 'c']);
  });

  it('are replaced by id, and go', () => {
    const after = run(room(), add('a', 1), add('b', 2), add('a', 1, { stage: 'now', upvotes: 3 }));
    expect(words(after)).toEqual(['a', 'b']);
    expect(after).toMatchObject({ questions: [{ stage: 'now', upvotes: 3 }, { stage: 'published' }] });
    expect(words(run(after, { kind: 'question_gone', question: 'a' }))).toEqual(['b']);
  });

  it('get their supporters without anything else', () => {
    const upvotes: Change = { kind: 'upvotes', upvotes: [{ question: 'b', upvotes: 7 }, { question: 'unknown', upvotes: 1 }] };
    const after = run(room(), add('a', 1), add('b', 2), upvotes);
    expect(after).toMatchObject({ questions: [{ upvotes: 0 }, { upvotes: 7, text: 'Question b?' }] });
  });
});

it('the chat keeps as many messages as a snapshot holds, in the room and backstage', () => {
  const many = Array.from({ length: CHAT_SHOWN_MAX + 5 }, (_, i): Change => ({ kind: 'message', message: chatMessage(`m${i}`) }));
  for (const start of [room(), { of: 'backstage' as const, ...backstageView() }]) {
    const after = run(start, ...many, { kind: 'message_gone', message: 'm50' });
    const chat = 'chat' in after ? after.chat : [];
    expect(chat).toHaveLength(CHAT_SHOWN_MAX - 1);
    expect(chat[0]?.message).toBe('m5');
    expect(chat.some((one) => one.message === 'm50')).toBe(false);
  }
});

it('announcements keep the last, and can be taken back', () => {
  const tell = (n: number): Change => ({ kind: 'announced', announcement: { announcement: `a${n}`, text: 'Hear', at_unix_ms: 0 } });
  const all = Array.from({ length: ANNOUNCEMENTS_SHOWN_MAX + 2 }, (_, n) => tell(n));
  const after = run({ of: 'event', ...eventView() }, ...all, { kind: 'announcement_gone', announcement: 'a5' });
  const left = 'announcements' in after ? after.announcements.map((one) => one.announcement) : [];
  expect(left).toHaveLength(ANNOUNCEMENTS_SHOWN_MAX - 1);
  expect([left[0], left.includes('a5')]).toEqual(['a2', false]);
});

it('counts change numbers of rooms and never their titles', () => {
  const before: StreamState = { of: 'event', ...eventView({ rooms: [roomSummary('stage', { titles: { it: 'Palco' } }), roomSummary('stand')] }) };
  const counts: Change = { kind: 'counts', people: 9, rooms: [{ room: 'stage', people: 4, live: true }, { room: 'gone', people: 1, live: false }] };
  expect(run(before, counts)).toMatchObject({
    people: 9, rooms: [{ room: 'stage', titles: { it: 'Palco' }, people: 4, live: true }, { room: 'stand', people: 0 }],
  });
});

it('moderators: polls are replaced by id or stand last, hands and restrictions come whole', () => {
  const poll = (id: string, over = {}): Change => ({ kind: 'room_poll', poll: pollView({ poll: id, ...over }) });
  const hand = { participant: 'a', name: 'Ada', topic: null, stage: 'raised' as const };
  const after = run(
    { of: 'moderators', ...moderatorsView() },
    poll('one'), poll('two'), poll('one', { phase: 'closed' }), { kind: 'room_poll_gone', poll: 'two' },
    { kind: 'hand_queue', hands: [hand] },
    { kind: 'restricted_people', restricted: [{ participant: 'x', name: 'X', silenced: true, banned: false }] },
  );
  expect(after).toMatchObject({ polls: [{ poll: 'one', phase: 'closed' }], hands: [hand], restricted: [{ participant: 'x' }] });
});

it('organisers: the curve is sorted, a minute replaces itself, the oldest go', () => {
  const numbers = { people: 0, peak: 0, peak_unix_ms: null, joined_5_min: 0, reconnects_5_min: 0, rooms: [] };
  const point = (unix_min: number, people = 1): Change => ({ kind: 'curve', point: { unix_min, people, joins: 0 } });
  const after = run({ of: 'organisers', numbers, curve: [], filter: [] }, point(3), point(1), point(2), point(3, 9));
  expect(after).toMatchObject({ curve: [{ unix_min: 1 }, { unix_min: 2 }, { unix_min: 3, people: 9 }] });
  const full = Array.from({ length: CURVE_POINTS_MAX }, (_, i) => ({ unix_min: i, people: 1, joins: 0 }));
  const last = run({ of: 'organisers', numbers, curve: full, filter: [] }, point(CURVE_POINTS_MAX));
  expect('curve' in last && [last.curve.length, last.curve[0]?.unix_min]).toEqual([CURVE_POINTS_MAX, 1]);
});

it('reactions pass: nothing of the state is changed by them', () => {
  const before = room();
  expect(apply(before, { kind: 'reactions', reactions: [{ reaction: 'heart', count: 3 }] })).toEqual(before);
});
