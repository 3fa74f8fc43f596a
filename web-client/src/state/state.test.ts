// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import goldenChanges from '../../../signaling/protocol/golden/change.json';
import goldenStates from '../../../signaling/protocol/golden/stream_state.json';
import type { Change, EventView, ServerMessage, StreamState, YouView } from '../protocol';
import { apply } from './apply';
import { POLITE_EVERY_MS, Announcer } from './announcer';
import { firstRoom, reduce, stateOf, type FairState } from './fair';
import { NO_ROSTER, nextAfter, withPage } from './roster';
import { backstageView, eventView, roomSummary, roomView, youView } from '../testing/views';
import { VirtualClock } from '../testing/world';

const you = youView;
const youIs = (over: Partial<YouView>): ServerMessage & { kind: 'update' } => ({
  kind: 'update', stream: { of: 'you' }, epoch: 1, n: 2, change: { kind: 'you', you: you(over) },
});
const inside: FairState = stateOf({
  event: null,
  you: you({ place: 'backstage', role: 'speaker' }),
  room: roomView({ people: 3 }),
  backstage: backstageView(),
});

describe('what one no longer follows is forgotten (S4)', () => {
  it('on moving to another room', () => {
    const after = reduce(inside, youIs({ room: 'stand' }));
    expect(after.room).toBeNull();
    expect(after.backstage).toBeNull();
  });

  it('on going back to the audience', () => {
    const after = reduce(inside, youIs({ role: 'speaker' }));
    expect(after.room).not.toBeNull();
    expect(after.backstage).toBeNull();
  });

  it('but moderators follow the backstage from the audience', () => {
    expect(reduce(inside, youIs({ role: 'moderator' })).backstage).not.toBeNull();
  });
});

it('a room that is known before one is in it is not lost', () => {
  const room = { of: 'room' as const, ...roomView({ room: 'stand', people: 1 }) };
  const early = reduce(inside, { kind: 'snapshot', stream: { of: 'room', room: 'stand' }, epoch: 1, n: 1, state: room });
  expect(early.room).toBeNull();
  expect(reduce(early, youIs({ room: 'stand' })).room?.room).toBe('stand');
});

it('an update of another room changes nothing here', () => {
  const other: ServerMessage = {
    kind: 'update', stream: { of: 'room', room: 'stand' }, epoch: 1, n: 2, change: { kind: 'people', people: 99 },
  };
  expect(reduce(inside, other)).toBe(inside);
});

it('a newcomer goes where something is on air, else to the first stage', () => {
  const event = (live: string[]): EventView =>
    eventView({
      rooms: (['lobby', 'stage', 'stage-2'] as const).map((room) =>
        roomSummary(room, { room_kind: room === 'lobby' ? 'lobby' : 'stage', live: live.includes(room) }),
      ),
    });
  expect(firstRoom(event(['stage-2']))).toBe('stage-2');
  expect(firstRoom(event([]))).toBe('stage');
  expect(firstRoom({ ...event([]), rooms: [] })).toBeNull();
});

it('reads every golden state without losing a field', () => {
  for (const whole of Object.values(goldenStates) as StreamState[]) {
    const { of, ...rest } = whole;
    const room = (rest as { room?: string | null }).room ?? 'stage';
    const start = stateOf({ you: you({ room, role: 'organiser' }) });
    const message = { kind: 'snapshot', stream: { of, room }, epoch: 1, n: 1, state: whole } as unknown;
    expect(reduce(start, message as ServerMessage & { kind: 'snapshot' })[of]).toEqual(rest);
  }
});

it('a change of the future, or of another stream, changes nothing', () => {
  const future = { kind: 'of_the_future', x: 1 } as unknown as Change;
  for (const whole of Object.values(goldenStates) as StreamState[]) {
    const taken = (Object.values(goldenChanges) as Change[]).map((change) => apply(whole, change)).filter(Boolean);
    expect(taken.length, whole.of).toBeGreaterThan(0);
    expect(apply(whole, future)).toBeNull();
  }
});

it('the roster grows by pages and lists nobody twice', () => {
  const one = { participant: 'a', name: 'Ada', sources: [] };
  const two = { participant: 'b', name: 'Bea', sources: [] };
  const first = withPage(NO_ROSTER, { people: [one], more: true });
  expect(nextAfter(first)).toBe('a');
  expect(withPage(first, { people: [one, two], more: false }).people).toEqual([one, two]);
});

describe('the announcer', () => {
  it('gathers polite sentences into one every 5 s, and lets urgent ones through', () => {
    const clock = new VirtualClock();
    const spoken: [number, string, string][] = [];
    const announcer = new Announcer(clock, (polite, assertive) => spoken.push([clock.now(), polite, assertive]));
    announcer.polite('One.');
    clock.advance(0);
    announcer.polite('Two.');
    announcer.polite('Three.');
    announcer.polite('Two.');
    clock.advance(1_000);
    announcer.assertive('You are on air.');
    clock.advance(POLITE_EVERY_MS);
    expect(spoken).toEqual([
      [0, 'One.', ''],
      [1_000, 'One.', 'You are on air.'],
      [POLITE_EVERY_MS, 'Three. Two.', ''],
    ]);
  });

  it('no longer says what is over, and does not make others wait for it', () => {
    const clock = new VirtualClock();
    const spoken: [number, string][] = [];
    const announcer = new Announcer(clock, (polite) => spoken.push([clock.now(), polite]));
    announcer.polite('One.');
    clock.advance(0);
    announcer.polite('Soon you go.');
    clock.advance(1_000);
    announcer.takeBack('Soon you go.');
    clock.advance(POLITE_EVERY_MS);
    announcer.polite('Two.');
    clock.advance(0);
    expect(spoken).toEqual([[0, 'One.'], [POLITE_EVERY_MS + 1_000, 'Two.']]);
  });
});
