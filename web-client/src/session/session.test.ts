// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import type { ClientMessage, ServerMessage } from '../protocol';
import { roomView } from '../testing/views';
import { testWorld, type MemorySocket } from '../testing/world';
import { Session, type Status } from './session';

function setup(resume?: string) {
  const { world, clock, sockets } = testWorld();
  const heard: ServerMessage[] = [];
  const statuses: Status[] = [];
  const tokens: (string | null)[] = [];
  const session = new Session({
    event: 'demo',
    name: 'Ada',
    resume,
    world,
    onMessage: (message) => heard.push(message),
    onStatus: (status) => statuses.push(status),
    onResumeToken: (token) => tokens.push(token),
  });
  session.start();
  const last = (): MemorySocket => sockets.at(-1)!;
  const said = (socket = last()): ClientMessage[] => socket.sent.map((text) => JSON.parse(text) as ClientMessage);
  const welcome = (resumed = false): void => {
    last().onopen?.();
    last().deliver([{ kind: 'welcome', version: 1, server_unix_ms: 0, resumed }]);
  };
  const untilSocket = (n: number): void => {
    for (let i = 0; i < 400 && sockets.length < n; i += 1) clock.advance(50);
  };
  return { session, clock, sockets, heard, statuses, tokens, last, said, welcome, untilSocket };
}

const update = (n: number, people: number, epoch = 1): ServerMessage => ({
  kind: 'update', stream: { of: 'room', room: 'stage' }, epoch, n, change: { kind: 'people', people },
});
const snapshot = (n: number, epoch = 1): ServerMessage => ({
  kind: 'snapshot', stream: { of: 'room', room: 'stage' }, epoch, n,
  state: { of: 'room', ...roomView({ people: n }) },
});

describe('hello', () => {
  it('is the first message and carries event and name', () => {
    const { said, welcome, statuses } = setup();
    welcome();
    expect(said()).toEqual([{ kind: 'hello', version: 1, event: 'demo', name: 'Ada' }]);
    expect(statuses.at(-1)).toEqual({ at: 'online', resumed: false, first: true, serverUnixMs: 0 });
  });

  it('refused for good ends the session with the reason', () => {
    const { last, statuses, clock, sockets } = setup();
    last().onopen?.();
    last().deliver([{ kind: 'refused', code: 'event_closed', sentence: 'Not open.' }]);
    expect(statuses.at(-1)).toEqual({ at: 'closed', code: 'event_closed', sentence: 'Not open.' });
    clock.advance(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('refused for the moment is tried again', () => {
    const { last, untilSocket, sockets } = setup();
    last().onopen?.();
    last().deliver([{ kind: 'refused', code: 'unavailable', sentence: '' }]);
    untilSocket(2);
    expect(sockets).toHaveLength(2);
  });

  it('refused for too many connections ends a newcomer, but not one who was inside', () => {
    const many = { kind: 'refused', code: 'too_many_connections', sentence: '' };
    const newcomer = setup();
    newcomer.last().onopen?.();
    newcomer.last().deliver([many]);
    expect(newcomer.statuses.at(-1)).toMatchObject({ at: 'closed', code: 'too_many_connections' });

    const { last, welcome, untilSocket, statuses } = setup();
    welcome();
    last().break();
    untilSocket(2);
    last().onopen?.();
    last().deliver([many]);
    expect(statuses.at(-1)).toEqual({ at: 'reconnecting' });
    untilSocket(3);
    welcome(true);
    expect(statuses.at(-1)).toMatchObject({ at: 'online', first: false, serverUnixMs: 0 });
  });

  it('with an old resume token goes on without it', () => {
    const { last, untilSocket, said, tokens } = setup('old');
    last().onopen?.();
    last().deliver([{ kind: 'refused', code: 'expired', sentence: '' }]);
    untilSocket(2);
    last().onopen?.();
    expect(said()[0]).not.toHaveProperty('resume');
    expect(tokens).toEqual([null]);
  });
});

describe('a lost connection', () => {
  it('comes back with the last resume token (R1)', () => {
    const { last, welcome, said, untilSocket, statuses } = setup();
    welcome();
    last().deliver([{ kind: 'resume', token: 'first' }]);
    last().deliver([{ kind: 'resume', token: 'second' }]);
    last().break();
    expect(statuses.at(-1)).toEqual({ at: 'reconnecting' });
    untilSocket(2);
    welcome(true);
    expect(said()[0]).toMatchObject({ kind: 'hello', resume: 'second' });
    expect(statuses.at(-1)).toEqual({ at: 'online', resumed: true, first: false, serverUnixMs: 0 });
  });

  it('is noticed after 12 s of silence, not before (D1)', () => {
    const { welcome, clock, statuses, last } = setup();
    welcome();
    clock.advance(11_000);
    last().deliver([{ kind: 'ping', n: 3 }]);
    expect(last().sent.at(-1)).toBe('{"kind":"pong","n":3}');
    clock.advance(11_900);
    expect(statuses.at(-1)?.at).toBe('online');
    clock.advance(200);
    expect(statuses.at(-1)?.at).toBe('reconnecting');
  });

  it('is tried at most 2 s apart for 30 s, then slower (R5)', () => {
    const { sockets, clock, last } = setup();
    const times: number[] = [];
    while (clock.now() < 120_000) {
      const n = sockets.length;
      last().break();
      while (sockets.length === n) clock.advance(10);
      times.push(clock.now());
    }
    const gaps = times.map((time, i) => ({ time, gap: time - (times[i - 1] ?? 0) }));
    expect(gaps[0]!.gap).toBeLessThanOrEqual(260);
    for (const { time, gap } of gaps) expect(gap).toBeLessThanOrEqual(time <= 30_000 ? 2_010 : 15_010);
    expect(Math.max(...gaps.map(({ gap }) => gap))).toBeGreaterThan(2_100);
  });

  it('is tried at once when the browser says that the network is back', () => {
    const { session, last, sockets } = setup();
    last().break();
    session.nudge();
    expect(sockets).toHaveLength(2);
  });

  it('spreads the return after drain (D2)', () => {
    const { welcome, last, sockets, clock } = setup();
    welcome();
    last().deliver([{ kind: 'drain', reconnect_within_ms: 8_000 }]);
    expect(last().closed).toBe(true);
    clock.advance(8_000);
    expect(sockets).toHaveLength(2);
  });
});

describe('commands', () => {
  it('that were not answered are sent again under the same id (C2)', async () => {
    const { session, welcome, last, said, untilSocket } = setup();
    welcome();
    const outcome = session.command({ kind: 'enter', room: 'stage' });
    const sent = said()[1];
    last().break();
    untilSocket(2);
    welcome(true);
    expect(said()[1]).toEqual(sent);
    last().deliver([{ kind: 'accepted', id: (sent as { id: string }).id }]);
    expect(await outcome).toEqual({ ok: true });
  });

  it('given while offline wait for the connection', () => {
    const { session, welcome, said } = setup();
    void session.command({ kind: 'leave' });
    expect(said()).toEqual([]);
    welcome();
    expect(said().map((m) => m.kind)).toEqual(['hello', 'command']);
  });

  it('that grew too old are refused, not done late', async () => {
    const { session, clock, sockets, last, welcome, said } = setup();
    const outcome = session.command({ kind: 'put_on_air' });
    while (clock.now() < 40_000) {
      last().break();
      const n = sockets.length;
      while (sockets.length === n) clock.advance(100);
    }
    welcome();
    expect(said().map((m) => m.kind)).toEqual(['hello']);
    expect(await outcome).toMatchObject({ ok: false, code: 'unavailable' });
  });

  it('are refused with code and sentence', async () => {
    const { session, welcome, last, said } = setup();
    welcome();
    const outcome = session.command({ kind: 'enter', room: 'x' });
    const { id } = said()[1] as { id: string };
    last().deliver([{ kind: 'refused', id, code: 'room_full', sentence: 'Full.' }]);
    expect(await outcome).toEqual({ ok: false, code: 'room_full', sentence: 'Full.' });
  });
});

describe('a command that came too fast (L1)', () => {
  const tooFast = (id: string) => [{ kind: 'refused', id, code: 'too_fast', sentence: '' }];

  it('is sent again under the same id, later and later', async () => {
    const { session, clock, welcome, last, said } = setup();
    welcome();
    const outcome = session.command({ kind: 'leave' });
    const sent = said()[1] as { id: string };
    last().deliver(tooFast(sent.id));
    clock.advance(900);
    expect(said()).toHaveLength(2);
    clock.advance(200);
    expect(said()[2]).toEqual(sent);
    last().deliver([{ kind: 'accepted', id: sent.id }]);
    expect(await outcome).toEqual({ ok: true });
  });

  it('is sent again no sooner than the server says (L1)', () => {
    const { session, clock, welcome, last, said } = setup();
    welcome();
    void session.command({ kind: 'leave' });
    const sent = said()[1] as { id: string };
    last().deliver([{ ...tooFast(sent.id)[0], after_ms: 5_000 }]);
    for (const [passed, times] of [[4_900, 2], [200, 3]] as const) {
      clock.advance(passed);
      expect(said()).toHaveLength(times);
    }
  });

  it('so often that the connection ends keeps away for as long as the server says, whatever the network does (L3)', () => {
    const { session, clock, welcome, last, sockets } = setup();
    welcome();
    last().deliver([{ kind: 'refused', code: 'too_fast', sentence: '', after_ms: 30_000 }]);
    last().onclose?.();
    session.nudge();
    clock.advance(29_900);
    expect(sockets).toHaveLength(1);
    clock.advance(200);
    expect(sockets).toHaveLength(2);
  });

  it('is refused in the end, and nothing is sent any more', async () => {
    const { session, clock, welcome, last, said } = setup();
    welcome();
    const outcome = session.command({ kind: 'leave' });
    const { id } = said()[1] as { id: string };
    for (let i = 0; i < 8; i += 1) {
      last().deliver(tooFast(id));
      clock.advance(4_500);
      last().deliver([{ kind: 'ping', n: i }]);
    }
    expect(await outcome).toMatchObject({ ok: false, code: 'too_fast' });
    expect(said().filter((one) => one.kind === 'command')).toHaveLength(4);
  });
});

describe('the end', () => {
  it('of one\'s own closes in order: the last words, then 1000', () => {
    const { session, welcome, last, said } = setup();
    welcome();
    void session.command({ kind: 'leave' });
    session.stop();
    expect(said().at(-1)).toMatchObject({ kind: 'command', command: { kind: 'leave' } });
    expect(last().closedWith).toBe(1_000);
  });

  it('a lost connection is given up without a goodbye: the place is kept', () => {
    const { welcome, last, clock, sockets } = setup();
    welcome();
    const first = last();
    clock.advance(13_000);
    expect(sockets.length).toBeGreaterThan(1);
    expect(first.closed).toBe(true);
    expect(first.closedWith).toBeUndefined();
  });

  it.each(['banned', 'too_many_connections'])('by the server (%s) is final, also for one who was inside', (code) => {
    const { welcome, last, statuses, clock, sockets, tokens } = setup();
    welcome();
    last().deliver([{ kind: 'refused', code, sentence: 'Out.' }]);
    expect(statuses.at(-1)).toEqual({ at: 'closed', code, sentence: 'Out.' });
    expect(tokens).toEqual([null]);
    clock.advance(60_000);
    expect(sockets).toHaveLength(1);
  });

  it('by a ban that is found on coming back', () => {
    const { welcome, last, statuses, untilSocket } = setup();
    welcome();
    last().break();
    untilSocket(2);
    last().onopen?.();
    last().deliver([{ kind: 'refused', code: 'banned', sentence: '' }]);
    expect(statuses.at(-1)).toMatchObject({ at: 'closed', code: 'banned' });
  });
});

describe('streams', () => {
  it('pass in order, and what came twice is dropped (S2)', () => {
    const { welcome, last, heard } = setup();
    welcome();
    last().deliver([snapshot(5), update(5, 1), update(6, 2), update(6, 2), update(7, 3)]);
    expect(heard.map((m) => (m as { n: number }).n)).toEqual([5, 6, 7]);
  });

  it('ask for what is missing once, saying what they have (S3)', () => {
    const { welcome, last, heard, said } = setup();
    welcome();
    last().deliver([snapshot(5), update(8, 1), update(9, 1)]);
    expect(said().filter((m) => m.kind === 'resync')).toEqual([
      { kind: 'resync', stream: { of: 'room', room: 'stage' }, have: { epoch: 1, n: 5 } },
    ]);
    last().deliver([update(6, 1), update(7, 1), update(8, 1), update(9, 1)]);
    expect(heard.map((m) => (m as { n: number }).n)).toEqual([5, 6, 7, 8, 9]);
  });

  it('of another epoch wait for a snapshot', () => {
    const { welcome, last, heard, said } = setup();
    welcome();
    last().deliver([snapshot(5), update(6, 1, 2)]);
    expect(said().at(-1)?.kind).toBe('resync');
    last().deliver([snapshot(1, 2), update(2, 1, 2)]);
    expect(heard.map((m) => (m as { n: number }).n)).toEqual([5, 1, 2]);
  });
});

it('ignores kinds that it does not know, and noise (F3)', () => {
  const { welcome, last, heard, statuses } = setup();
  welcome();
  last().onmessage?.('not json');
  last().onmessage?.('{"kind":"ping"}');
  last().onmessage?.('[1,null,{"no":"kind"}]');
  last().deliver([{ kind: 'of_the_future', x: 1 }]);
  expect(heard).toEqual([{ kind: 'of_the_future', x: 1 }]);
  expect(statuses.at(-1)?.at).toBe('online');
});
