// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { POLITE_EVERY_MS, Announcer } from '../../state/announcer';
import { stateOf } from '../../state/fair';
import { backstageView, chatMessage, eventView, moderatorsView, pollView, questionView, roomView, stageShow, standSummary, youView } from '../../testing/views';
import { VirtualClock } from '../../testing/world';
import { allEn } from '../../text/all.en';
import { News } from './news';

const en = allEn.general;

const START = {
  you: youView(), event: eventView(), room: roomView(), backstage: backstageView(), moderators: moderatorsView(),
};
type Parts = Partial<typeof START>;
const said = (before: Parts, after: Parts) =>
  new News().between(stateOf({ ...START, ...before }), stateOf({ ...START, ...after }), 'en', allEn);
const ada = { participant: 'a', name: 'Ada', sources: [] };

describe('urgent are only air, moves, the end', () => {
  it('a move, an accepted hand, the end', () => {
    const raised = youView({ hand: { topic: null, stage: 'raised', position: 1 } });
    const accepted = youView({ place: 'backstage', hand: { topic: null, stage: 'accepted', position: 0 } });
    const all = [
      said({}, { you: youView({ room: 'stand' }) }),
      said({ you: raised }, { you: accepted }),
      said({}, { event: eventView({ phase: 'ended' }) }),
    ];
    for (const one of all) expect(one.map((spoken) => spoken.urgent)).toEqual([true]);
  });

  it('a move names the stand, which is no room of the list', () => {
    const event = eventView({ stands: [standSummary('s', { room: 'r_s', name: 'Sportello' })] });
    expect(said({ event }, { event, you: youView({ room: 'r_s' }) })).toEqual([{ urgent: true, sentence: en.fair.moved('Sportello') }]);
  });

  it('announcements, questions, polls and a server that cannot save wait their turn', () => {
    const all = [
      said({}, { event: eventView({ announcements: [{ announcement: 'a', text: 'Break', at_unix_ms: 0 }] }) }),
      said({}, { event: eventView({ read_only: true }) }),
      said({}, { room: roomView({ questions: [questionView('q', { stage: 'now' })] }) }),
      said({}, { room: roomView({ poll: pollView() }) }),
      said({}, { room: roomView({ on_air: [ada] }) }),
    ];
    for (const one of all) expect(one.map((spoken) => spoken.urgent)).toEqual([false]);
  });

  it('thanks are told to who gets them, once, and not those that were there before', () => {
    const thanked = youView({ thanks: [{ thanks: 't1', by: 'Bo', shown: false }] });
    expect(said({}, { you: thanked })).toEqual([{ urgent: false, sentence: en.fair.thanksSpoken('Bo') }]);
    expect(said({ you: thanked }, { you: youView({ thanks: [{ thanks: 't1', by: 'Bo', shown: true }] }) })).toEqual([]);
    expect(new News().between(stateOf({ ...START, you: null }), stateOf({ ...START, you: thanked }), 'en', allEn)).toEqual([]);
  });

  it('notes of breakout rooms are told once, not at each room or erased note, and not to who finds them', () => {
    const shown = (room: string, round = 'r') => ({ room: roomView({ cards_shown: { round, rooms: [], room, topic: null, cards: [] } }) });
    expect(said({}, shown('a'))).toEqual([{ urgent: false, sentence: en.fair.notesSpoken }]);
    expect(said(shown('a'), shown('b'))).toEqual([]);
    expect(said(shown('a'), {})).toEqual([]);
    expect(said(shown('a'), shown('a', 'r2')).length).toBe(1);
    expect(said({ room: roomView({ room: 'breakout-1-1' }) }, shown('a'))).toEqual([]);
  });

  it('chat, numbers and reactions say nothing', () => {
    expect(said({}, { room: roomView({ chat: [chatMessage('m')], people: 99, hands: 3 }) })).toEqual([]);
    expect(said({}, { event: eventView({ people: 99 }) })).toEqual([]);
  });
});

describe('whoever directs hears who waits', () => {
  const moderator = youView({ role: 'moderator' });
  it('backstage, with a hand, with a question', () => {
    const hand = { participant: 'b', name: 'Bea', topic: 'Costs', stage: 'raised' as const };
    const after = {
      you: moderator, backstage: backstageView({ waiting: [ada] }),
      moderators: moderatorsView({ hands: [hand], questions: [questionView('q', { stage: 'pending' })] }),
    };
    expect(said({ you: moderator }, after).map((one) => one.sentence)).toEqual([
      'Ada waits backstage.', 'Bea raised a hand: Costs', '1 question waits for you.',
    ]);
  });

  it('but not of somebody who only goes back behind the stage, and nobody else hears it', () => {
    const onAir = { you: moderator, room: roomView({ on_air: [ada] }) };
    const back = said(onAir, { you: moderator, backstage: backstageView({ waiting: [ada] }) });
    expect(back.map((one) => one.sentence)).toEqual([en.fair.offAirAll]);
    expect(said({}, { backstage: backstageView({ waiting: [ada] }) })).toEqual([]);
  });
});

it('a storm of news is at most one polite message in 5 s', () => {
  const clock = new VirtualClock();
  const spoken: { at: number; polite: string }[] = [];
  const announcer = new Announcer(clock, (polite) => spoken.push({ at: clock.now(), polite }));
  for (let second = 0; second < 60; second += 1) {
    const questions = [questionView(`q${second}`, { stage: 'now' })];
    for (const { sentence } of said({}, { room: roomView({ questions }) })) announcer.polite(sentence);
    clock.advance(1_000);
  }
  expect(spoken.length).toBeGreaterThan(5);
  expect(spoken.length).toBeLessThanOrEqual(60_000 / POLITE_EVERY_MS + 1);
  for (const [i, one] of spoken.entries()) {
    if (i > 0) expect(one.at - spoken[i - 1]!.at).toBeGreaterThanOrEqual(POLITE_EVERY_MS);
  }
});

describe('what the direction does', () => {
  const quiet = { room: roomView({ show: stageShow({ sound_off: true }) }) };
  it('that nobody is heard is urgent for who is on air alone', () => {
    const onAir = youView({ place: 'on_air' });
    expect(said({ you: onAir }, { you: onAir, ...quiet }).map((one) => one.urgent)).toEqual([true]);
    const waits = youView({ place: 'backstage' });
    expect(said({ you: waits }, { you: waits, ...quiet }).map((one) => one.urgent)).toEqual([false]);
    expect(said({}, quiet).map((one) => one.urgent)).toEqual([false]);
    expect(said(quiet, {}).map((one) => one.sentence)).toEqual(['The sound of this room is back.']);
  });

  it('a break and its end, and a message to oneself once, wait their turn', () => {
    const broken = { room: roomView({ show: stageShow({ resuming: true }) }) };
    expect(said({}, broken)).toEqual([{ urgent: false, sentence: 'We resume shortly' }]);
    const on_air = [{ ...ada, sources: ['mic' as const] }];
    const stopped = { room: roomView({ on_air, show: stageShow({ resuming: true }) }) };
    const going = { room: roomView({ on_air }) };
    expect(said(stopped, going)).toEqual([{ urgent: false, sentence: 'The talk goes on.' }]);
    expect(said(broken, {}), 'taken away, and nobody is there').toEqual([]);
    const silent = (resuming: boolean) => ({ room: roomView({ on_air: [ada], show: stageShow({ resuming }) }) });
    expect(said(silent(true), silent(false)), 'on air with nothing on').toEqual([]);
    const ended = { event: eventView({ phase: 'ended' }) };
    expect(said({ ...stopped, ...ended }, { ...going, ...ended }), 'the event is over').toEqual([]);
    const told = { you: youView({ place: 'on_air', directions: [{ direction: 'd', text: 'Louder' }] }) };
    expect(said({}, told)).toEqual([{ urgent: false, sentence: 'From the direction: Louder' }]);
    expect(said(told, told)).toEqual([]);
  });

  it('a moderator hears who has read a message, layouts and lines are silent', () => {
    const you = youView({ role: 'moderator' });
    const sent = (acknowledged: boolean) =>
      moderatorsView({ directions: [{ direction: 'd', text: 'Louder', to: [{ participant: 'a', name: 'Ada', acknowledged }] }] });
    const before = { you, moderators: sent(false) };
    expect(said(before, { you, moderators: sent(true) })).toEqual([{ urgent: false, sentence: 'Ada has read “Louder”.' }]);
    expect(said(before, { ...before, room: roomView({ show: stageShow({ layout: 'grid', titles: false }) }) })).toEqual([]);
  });
});
