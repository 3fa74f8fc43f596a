// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the real hub told tabs of an organiser, a speaker and an attendee through a simulated fair, replayed with losses
// and breaks of our own: whenever all is at rest the page knows what the simulation's client knew. `recorded.json` is
// written by `tests/sim` (FIERA_GENERATE=1); one seed is one run.

import { describe, expect, it } from 'vitest';
import { EMPTY, reduce, type FairState } from '../state/fair';
import { RecordedServer, type Recorded } from '../testing/recorded';
import { MemorySocket, VirtualClock, chanceOf, seeded } from '../testing/world';
import recorded from './recorded.json';
import { Session } from './session';

const TABS = recorded as unknown as Recorded[][];
const PARTS = ['event', 'you', 'room', 'backstage', 'moderators', 'organisers', 'breakouts'] as const;

/** Replays one tab; how often it was compared at rest. */
function replay(events: Recorded[], seed: number): number {
  const random = seeded(seed);
  const clock = new VirtualClock();
  const server = new RecordedServer(clock, random);
  let state: FairState = EMPTY;
  const session = new Session({
    event: 'fair',
    world: {
      clock,
      chance: chanceOf(random),
      connect: () => {
        const socket = new MemorySocket();
        server.accept(socket);
        return socket;
      },
    },
    onMessage: (message) => {
      if (message.kind === 'snapshot' || message.kind === 'update') state = reduce(state, message);
    },
    onStatus: () => undefined,
  });
  session.start();
  let compared = 0;
  // The first round is undisturbed: there the page must follow without asking for anything.
  [server.losses, server.breaks] = seed === 0 ? [0, 0] : [60, 10];
  for (const event of events) {
    clock.advance(random() * 60);
    if (event === 'lost') {
      server.lose();
    } else if ('said' in event) {
      server.say(event.said);
    } else {
      server.flush();
      // A calm: who was cut comes back, who missed the last word hears it again.
      for (let i = 0; i < 8; i += 1) {
        clock.advance(1_000);
        server.repeat();
      }
      const known = new Map(event.knows.map(({ of, ...view }) => [of, view]));
      for (const part of PARTS) expect(state[part], `${part}, at rest ${compared}`).toEqual(known.get(part) ?? null);
      compared += 1;
    }
  }
  session.stop();
  return compared;
}

describe('a page that is told what the hub told a tab knows what that tab knew', () => {
  const runs = TABS.flatMap((_, tab) => Array.from({ length: 12 }, (_, seed) => [tab, seed] as const));
  it.each(runs)('tab %i, seed %i', (tab, seed) => {
    expect(replay(TABS[tab] ?? [], seed)).toBeGreaterThanOrEqual(3);
  });
});
