// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The organiser's connection: the ordinary session, without a room and without media.

import type { Command, RefusalCode } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { Session } from '../../session/session';
import type { World } from '../../session/world';
import { EMPTY, reduce, type FairState } from '../../state/fair';
import { ServerClock } from '../model/server-clock';
import type { FairModel, Link } from '../model/shape';

/** What the dashboard is drawn from; fixtures fit it too. */
export type OrganiserModel = Pick<FairModel, 'link' | 'closedBy' | 'state' | 'command' | 'ask' | 'serverNow'>;

export class Organiser implements OrganiserModel {
  link = $state<Link>('connecting');
  closedBy = $state<RefusalCode | null>(null);
  state = $state.raw<FairState>(EMPTY);

  readonly #session: Session;
  readonly #serverClock: ServerClock;

  constructor(event: string, world: World) {
    this.#serverClock = new ServerClock(world.clock, Date.now());
    this.#session = new Session({
      event,
      world,
      onMessage: (message) => {
        if (message.kind === 'snapshot' || message.kind === 'update') this.state = reduce(this.state, message);
        // Numbers are for organisers; anybody else needs no connection from here.
        if (this.state.you && this.state.you.role !== 'organiser') this.#session.stop('not_allowed');
      },
      onStatus: (status) => {
        this.link = status.at;
        if (status.at === 'online') this.#serverClock.set(status.serverUnixMs);
        if (status.at === 'closed') this.closedBy = status.code;
      },
    });
    this.#session.start();
  }

  ask(command: Command): Promise<Outcome> {
    return this.#session.command(command);
  }

  command(command: Command): void {
    void this.ask(command);
  }

  serverNow(): number {
    return this.#serverClock.now();
  }

  stop(): void {
    this.#session.stop();
  }
}
