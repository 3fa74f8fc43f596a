// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { breakout, inside, oneRound, rehearsing, round } from '../states/breakouts';
import { chatMessage, eventView, pollView, questionView, roomView, youView } from '../testing/views';
import { agendaAt } from './agenda';
import { concerns, pendingOf, recognised, secretOf, withOwn, OWN_MAX, type OwnText } from './own';
import { sorted } from './questions';
import { EMPTY, breakoutRoom, rehearsedRoom } from './fair';
import { NOTHING_SEEN, seenAfter, tabsOf, unseen } from './unseen';

const own = (over: Partial<OwnText>): OwnText => ({
  kind: 'question', room: 'stage', backstage: false, text: 'Why?', anonymous: false, secret: 's', id: null, ...over,
});

describe('own texts are recognised by their words', () => {
  it('a question when it is published, and never that of another room', () => {
    const all = [own({ secret: 'here' }), own({ secret: 'there', room: 'stand' })];
    const after = recognised(all, 'stage', { questions: [questionView('q', { text: 'Why?' })] }, 'me');
    expect(after.map((one) => one.id)).toEqual(['q', null]);
    expect([secretOf(after, 'q'), secretOf(after, 'other')]).toEqual(['here', null]);
    expect(pendingOf(after, 'stage')).toEqual([]);
    expect(pendingOf(after, 'stand')).toHaveLength(1);
  });

  it('an anonymous one only among the anonymous, and two of the same words each by itself', () => {
    const all = [own({ secret: 'a', anonymous: true }), own({ secret: 'b', anonymous: true })];
    const named = questionView('named', { text: 'Why?' });
    const [x, y] = ['x', 'y'].map((id) => questionView(id, { text: 'Why?', by: null }));
    const after = recognised(all, 'stage', { questions: [named, x!, y!] }, 'me');
    expect(after.map((one) => one.id)).toEqual(['x', 'y']);
  });

  it('a message only of oneself, and where it was said', () => {
    const all = [own({ kind: 'message', text: 'Hi' }), own({ kind: 'message', text: 'Hi', backstage: true, secret: 'b' })];
    const seen = {
      chat: [chatMessage('theirs', { text: 'Hi' }), chatMessage('mine', { text: 'Hi', participant: 'me' })],
      backstage: [chatMessage('aside', { text: 'Hi', participant: 'me' })],
    };
    expect(recognised(all, 'stage', seen, 'me').map((one) => one.id)).toEqual(['mine', 'aside']);
  });

  it('nothing new is the same list, and the oldest are forgotten', () => {
    const all = [own({ id: 'q' })];
    expect(recognised(all, 'stage', { questions: [questionView('p')] }, 'me')).toBe(all);
    const many = Array.from({ length: OWN_MAX + 1 }, (_, i) => own({ secret: String(i) }));
    expect(many.reduce<OwnText[]>((list, one) => withOwn(list, one), [])[0]?.secret).toBe('1');
  });
});

describe('a change of the room is a reason to ask for one\'s own', () => {
  const all = [own({ id: 'q' }), own({ kind: 'message', text: 'Can it be\nreused?', secret: 'm', id: 'msg' })];
  const found = (merged: string | null) => [{ secret: 's', room: 'stage', question: questionView('q'), merged_into: merged }];

  it('where one of them is gone, and where nobody else\'s is', () => {
    expect(concerns({ kind: 'question_gone', question: 'q' }, all, [])).toBe(true);
    expect(concerns({ kind: 'question_gone', question: 'other' }, all, [])).toBe(false);
  });

  it('where one that was part of another stands for itself again', () => {
    const back = { kind: 'question', question: questionView('q') } as const;
    expect(concerns(back, all, found('whole'))).toBe(true);
    expect(concerns(back, all, found(null))).toBe(false);
  });

  it('where one\'s own message became a question', () => {
    const made = (text: string) => ({ kind: 'question', question: questionView('n', { text, from_chat: true }) }) as const;
    expect(concerns(made('Can it be reused?'), all, [])).toBe(true);
    expect(concerns(made('Something else?'), all, [])).toBe(false);
  });
});

describe('the tabs of a room', () => {
  it('in a breakout room are those where something is, or may be', () => {
    const settings = { ...roomView().settings, questions_closed: true };
    const room = roomView({ room: inside.room, settings, questions: [], poll: null });
    const here = { ...EMPTY, room, you: youView(inside), event: eventView({ breakout: breakout() }) };
    expect(tabsOf(here)).toEqual(['chat', 'people']);
    expect(tabsOf({ ...here, room: { ...room, poll: pollView() } })).toEqual(['chat', 'polls', 'people']);
    expect(tabsOf({ ...here, room: { ...room, questions: [questionView('q')] } })).toEqual(['chat', 'questions', 'people']);
    expect(tabsOf({ ...here, room: { ...room, settings: { ...settings, questions_closed: false } } })).toContain('questions');
    expect(tabsOf({ ...here, event: eventView() })).toHaveLength(4);
  });
});

describe('the room of a dry run', () => {
  it('is one that only who directs knows, as long as the dry run is on, and is no breakout room', () => {
    const looks = { ...EMPTY, you: youView({ room: inside.room, role: 'moderator' }), event: eventView(), breakouts: rehearsing };
    expect(rehearsedRoom(looks)?.title).toBe('Collaudo');
    expect(breakoutRoom(looks)).toBeNull();
    expect(rehearsedRoom({ ...looks, breakouts: oneRound(round({ phase: 'draft' })) })).toBeNull();
    expect(rehearsedRoom({ ...looks, breakouts: null })).toBeNull();
  });
});

describe('what is new', () => {
  const me = youView({ participant: 'me' });
  const room = roomView({ chat: [chatMessage('1')], questions: [questionView('q1')] });

  it('is what came after one came in, not what was there, and not one\'s own', () => {
    const seen = seenAfter(NOTHING_SEEN, room, me, 'polls');
    expect(unseen(seen, room, me)).toMatchObject({ chat: 0, questions: 0 });
    const later = { ...room, chat: [...room.chat, chatMessage('2'), chatMessage('3', { participant: 'me' })] };
    expect(unseen(seenAfter(seen, later, me, 'polls'), later, me).chat).toBe(1);
    expect(unseen(seenAfter(seen, later, me, 'chat'), later, me).chat).toBe(0);
  });

  it('a question that is published late counts, though it was asked early', () => {
    const seen = seenAfter(NOTHING_SEEN, room, me, 'chat');
    const later = { ...room, questions: [questionView('late', { order: -1 }), ...room.questions] };
    expect(unseen(seen, later, me).questions).toBe(1);
  });

  it('a poll counts when it opens, and again when it is revealed', () => {
    const open = { ...room, poll: pollView() };
    let seen = seenAfter(NOTHING_SEEN, open, me, 'chat');
    expect(unseen(seen, open, me).polls).toBe(1);
    seen = seenAfter(seen, open, me, 'polls');
    expect(unseen(seen, open, me).polls).toBe(0);
    expect(unseen(seen, { ...room, poll: pollView({ phase: 'revealed', tally: [1, 2] }) }, me).polls).toBe(1);
  });

  it('thanks count until one looked at the list of people, also those that came while one was away', () => {
    const thanked = youView({ participant: 'me', thanks: [{ thanks: 't1', by: 'Bo', shown: false }] });
    let seen = seenAfter(NOTHING_SEEN, room, thanked, 'chat');
    expect(unseen(seen, room, thanked).people).toBe(1);
    expect(unseen(seen, roomView({ room: 'stand' }), thanked).people).toBe(1);
    seen = seenAfter(seen, room, thanked, 'people');
    expect(unseen(seen, room, thanked).people).toBe(0);
  });

  it('in another room everything begins anew', () => {
    const seen = seenAfter(NOTHING_SEEN, room, me, 'chat');
    const other = roomView({ room: 'stand', chat: [chatMessage('9')] });
    expect(unseen(seen, other, me).chat).toBe(0);
    expect(unseen(seenAfter(seen, other, me, null), other, me).chat).toBe(0);
  });
});

it('questions: now on top, the open by votes and the earlier first, or the newest first', () => {
  const all = [
    questionView('a', { order: 1, upvotes: 2 }), questionView('b', { order: 2, upvotes: 5 }), questionView('c', { order: 3, upvotes: 2 }),
    questionView('n', { order: 4, stage: 'now' }), questionView('x', { order: 5, stage: 'next' }),
    questionView('d', { order: 6, stage: 'answered' }), questionView('f', { order: 7, stage: 'follow_up' }),
  ];
  const ids = (list: readonly { question: string }[]): string => list.map((one) => one.question).join('');
  const votes = sorted(all, 'votes');
  expect([votes.now?.question, ids(votes.next), ids(votes.open), ids(votes.done)]).toEqual(['n', 'x', 'bac', 'fd']);
  expect(ids(sorted(all, 'time').open)).toBe('cba');
});

it('the programme: over, now, next (all that start together), later', () => {
  const slot = (from: number, to: number) => ({ room: 'stage', title: {}, speakers: [], starts_unix_ms: from, ends_unix_ms: to });
  const agenda = [slot(0, 10), slot(10, 30), slot(30, 40), slot(30, 50), slot(50, 60)];
  expect(agendaAt(agenda, 10).map((one) => one.when)).toEqual(['over', 'now', 'next', 'next', 'later']);
  expect(agendaAt(agenda, 99).every((one) => one.when === 'over')).toBe(true);
});
