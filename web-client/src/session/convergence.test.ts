// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Convergence: many clients, one hub, random commands, cuts, losses and restarts; after the storm every client knows
// exactly what the hub knows. One seed is one run; on failure the seed is in the name of the test.

import { describe, expect, it } from 'vitest';
import type { Command, PollPhase, QuestionStage } from '../protocol';
import { FakeHub } from '../testing/fake-hub';
import { MemorySocket, VirtualClock, chanceOf, seeded } from '../testing/world';
import { EMPTY, reduce, type FairState } from '../state/fair';
import { Session } from './session';

const CLIENTS = 6;
const STEPS = 300;

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

const STAGES: readonly QuestionStage[] = ['pending', 'published', 'next', 'now', 'answered', 'follow_up', 'dismissed'];
const PHASES: readonly PollPhase[] = ['draft', 'open', 'closed', 'revealed'];

function randomCommand(random: () => number): Command {
  const item = String(Math.floor(random() * 50));
  const secret = 'secret';
  return pick<Command>(
    [
      { kind: 'enter', room: 'stage' },
      { kind: 'enter', room: 'stand' },
      { kind: 'enter_backstage' },
      { kind: 'put_on_air' },
      { kind: 'leave_backstage' },
      { kind: 'ask', text: `Question ${item}`, anonymous: random() < 0.5, secret },
      { kind: 'set_question', question: item, from: 'pending', to: pick(STAGES, random) },
      { kind: 'set_question', question: item, from: 'pending', to: pick(STAGES, random) },
      { kind: 'upvote', question: item, up: true },
      { kind: 'chat', text: `Message ${item}`, secret },
      { kind: 'chat', text: `Message ${item}`, secret },
      { kind: 'chat', text: `Aside ${item}`, backstage: true, secret },
      { kind: 'delete_message', message: item },
      { kind: 'raise_hand', topic: item },
      { kind: 'lower_hand' },
      { kind: 'draft_poll', question: item, options: ['Yes', 'No'] },
      { kind: 'set_poll', poll: item, phase: pick(PHASES, random) },
      { kind: 'announce', text: `Announcement ${item}` },
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
      if (i !== 50) continue;
      for (const client of clients) {
        client.do({ kind: 'enter', room: 'stage' });
        client.do({ kind: 'announce', text: 'A last word to each stream.' });
        client.do({ kind: 'ask', text: 'Last', anonymous: false, secret: 'secret' });
        client.do({ kind: 'chat', text: 'Last', secret: 'secret' });
        client.do({ kind: 'chat', text: 'Last', backstage: true, secret: 'secret' });
      }
    }
    await Promise.resolve();

    for (const client of clients) {
      const known = [
        { of: 'event', ...client.state.event },
        { of: 'you', ...client.state.you },
        { of: 'room', ...client.state.room },
        { of: 'backstage', ...client.state.backstage },
        { of: 'moderators', ...client.state.moderators },
      ];
      expect(known).toEqual(hub.truth(client.id));
      expect(client.accepted).toBeGreaterThan(0);
    }
    const accepted = clients.reduce((sum, one) => sum + one.accepted, 0);
    expect(hub.ran, 'each command runs once, whatever was cut').toBeLessThanOrEqual(clients.reduce((s, c) => s + c.asked, 0));
    expect(hub.ran).toBeGreaterThanOrEqual(accepted);
  });
});
