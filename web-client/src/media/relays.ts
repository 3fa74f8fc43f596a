// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// When connections go through the server's relay (TURN): only where the direct ways, UDP and TCP, have failed once.
// Asking the relay costs the server a handshake per address and person, and most people never need it.

import type { IceServer } from '../protocol';

export class Relays {
  #servers: IceServer[] = [];
  #needed = false;

  /** The relays of the last offer; their credentials last for a day. */
  offered(servers: IceServer[] | undefined): void {
    this.#servers = servers ?? [];
  }

  /** The direct ways do not work here; from now on the relay is tried beside them. */
  need(): void {
    this.#needed = true;
  }

  get configuration(): RTCConfiguration {
    return { bundlePolicy: 'max-bundle', iceServers: this.#needed ? this.#servers : [] };
  }
}

/** One network, one answer: what viewing or the door has found out serves publishing too. */
export const relays = new Relays();
