// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { relays } from './relays';
import { findWay, wayOf } from './way';

const SERVERS = [{ urls: ['turns:fair.example:443?transport=tcp'], username: '1:x', credential: 'y' }];

const stats = (local: object, selected: object[]): RTCStatsReport =>
  new Map(
    [{ id: 'l', type: 'local-candidate', ...local }, { id: 'other', type: 'local-candidate', protocol: 'udp' }, ...selected].map(
      (one) => [(one as { id: string }).id, one],
    ),
  ) as unknown as RTCStatsReport;
const CHROMIUM = [
  { id: 't', type: 'transport', selectedCandidatePairId: 'p' },
  { id: 'q', type: 'candidate-pair', localCandidateId: 'other' },
  { id: 'p', type: 'candidate-pair', localCandidateId: 'l' },
];
const FIREFOX = [
  { id: 'q', type: 'candidate-pair', localCandidateId: 'other', selected: false },
  { id: 'p', type: 'candidate-pair', localCandidateId: 'l', selected: true },
];

/** Connects to whom it is let by the network, at once. */
let lets: (config: RTCConfiguration) => object | null;
class FakeConnection {
  iceConnectionState = 'new';
  localDescription = { sdp: 'offer' };
  constructor(readonly config: RTCConfiguration) {}
  addTransceiver(): void {}
  async createOffer(): Promise<object> {
    return {};
  }
  async setLocalDescription(): Promise<void> {}
  async setRemoteDescription(): Promise<void> {
    if (lets(this.config)) this.iceConnectionState = 'connected';
  }
  async getStats(): Promise<RTCStatsReport> {
    return stats(lets(this.config) ?? {}, CHROMIUM);
  }
  close(): void {}
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  relays.offered(SERVERS);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

async function found(): Promise<string> {
  const way = findWay(async () => ({ sdp: 'answer', ice_servers: SERVERS }));
  await vi.advanceTimersByTimeAsync(20_000);
  return way;
}

it('reads the pair in use as Chromium and Firefox tell it', () => {
  for (const browser of [CHROMIUM, FIREFOX]) {
    expect(wayOf(stats({ candidateType: 'host', protocol: 'udp' }, browser))).toBe('udp');
    expect(wayOf(stats({ candidateType: 'prflx', protocol: 'tcp' }, browser))).toBe('tcp');
    expect(wayOf(stats({ candidateType: 'relay', protocol: 'udp' }, browser))).toBe('relay');
  }
  expect(wayOf(stats({}, []))).toBe('none');
});

it('tries the relay only where nothing else gets through, and then keeps it', async () => {
  lets = () => ({ candidateType: 'host', protocol: 'udp' });
  expect(await found()).toBe('udp');
  lets = () => ({ candidateType: 'host', protocol: 'tcp' });
  expect(await found()).toBe('tcp');
  expect(relays.configuration.iceServers).toEqual([]);
  lets = () => null;
  expect(await found()).toBe('none');
  expect(relays.configuration.iceServers).toEqual([]);
  lets = (config) => (config.iceServers?.length ? { candidateType: 'relay', protocol: 'udp' } : null);
  expect(await found()).toBe('relay');
  expect(relays.configuration.iceServers).toEqual(SERVERS);
});

it('complains of nothing where the server has no time to look', async () => {
  lets = () => null;
  const way = findWay(async () => null);
  await vi.advanceTimersByTimeAsync(100);
  expect(await way).toBe('unknown');
});
