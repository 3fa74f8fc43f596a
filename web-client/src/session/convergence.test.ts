// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Convergence: many clients, one hub, random commands, cuts, losses and restarts; after the storm every client knows
// exactly what the hub knows. One seed is one run; on failure the seed is in the name of the test.

import { describe, expect, it } from 'vitest';
import type { Command } from '../protocol';
import { FakeHub } from '../testing/fake-hub';
import { MemorySocket, VirtualClock, chanceOf, seeded } from '../testing/world';
import { EMPTY, reduce, type FairState } from '../state/fair';
import { Session } from './session';

const CLIENTS = 6;
const STEPS = 150;

class Client {
  state: FairState = EMPTY;
  socket: MemorySocket | null = null;
  asked = 0;
  accepted = 0;
  readonly session: Session;

  constructor(readonly id: string, hub: FakeHub, clock: VirtualClock, random: () => number, down: () => boolean) {
    let n = 0;
    this.session = new Session({
      event: 'demo',
      name: id,
      world: {
        clock,
        chance: { ...chanceOf(random), uuid: () => `${id}-${n++}` },
        connect: () => {
          const socket = new MemorySocket();
          this.socket = socket;
          if (down()) clock.after(20, () => socket.break());
          else hub.accept(socket);
          return socket;
        },
      },
      onMessage: (message) => {
        if (message.kind === 'snapshot' || message.kind === 'update') this.state = reduce(this.state, message);
      },
      onStatus: () => undefined,
    });
    this.session.start();
  }

  do(command: Command): void {
    this.asked += 1;
    void this.session.command(command).then((outcome) => (this.accepted += outcome.ok ? 1 : 0));
  }
}

function pick<T>(all: readonly T[], random: () => number): T {
  return all[Math.floor(random() * all.length)] as T;
}

function randomCommand(random: () => number): Command {
  return pick<Command>(
    [
      { kind: 'enter', room: 'stage' },
      { kind: 'enter', room: 'stand' },
      { kind: 'enter_backstage' },
      { kind: 'put_on_air' },
      { kind: 'leave_backstage' },
    ],
    random,
  );
}

describe('every client converges', () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);
  it.each(seeds)('seed %i', async (seed) => {
    const random = seeded(seed);
    const clock = new VirtualClock();
    const hub = new FakeHub(clock, random);
    let outage = false;
    const clients = Array.from({ length: CLIENTS }, (_, i) => new Client(`p${i}`, hub, clock, random, () => outage));

    for (let step = 0; step < STEPS; step += 1) {
      const client = pick(clients, random);
      const dice = random();
      if (dice < 0.6) client.do(randomCommand(random));
      else if (dice < 0.75) client.socket?.break();
      else if (dice < 0.9 && client.socket) hub.lose(client.socket, 1 + Math.floor(random() * 12));
      else if (dice < 0.93) hub.restart();
      else if (dice < 0.96) outage = !outage;
      clock.advance(random() * 400);
      if (step % 10 === 0) hub.pingAll();
    }

    // A calm: what was lost at the end of a stream shows when the next update of it comes.
    outage = false;
    hub.calm();
    for (let i = 0; i < 60; i += 1) {
      clock.advance(1_000);
      hub.pingAll();
      if (i === 50) for (const client of clients) client.do({ kind: 'enter', room: 'stage' });
    }
    await Promise.resolve();

    for (const client of clients) {
      const known = [
        { of: 'event', ...client.state.event },
        { of: 'you', ...client.state.you },
        { of: 'room', ...client.state.room },
      ];
      expect(known).toEqual(hub.truth(client.id));
      expect(client.accepted).toBeGreaterThan(0);
    }
    const accepted = clients.reduce((sum, one) => sum + one.accepted, 0);
    expect(hub.ran, 'each command runs once, whatever was cut').toBeLessThanOrEqual(clients.reduce((s, c) => s + c.asked, 0));
    expect(hub.ran).toBeGreaterThanOrEqual(accepted);
  });
});
