// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which way media gets through from here: a throw-away connection to our own media port, then one through the relay.
// No device is asked for, nothing is received, and nobody but our own server is asked.

import type { IceServer } from '../protocol';
import { relays } from './relays';

/** `unknown`: the server had no time to look, or there is none. */
export type Way = 'udp' | 'tcp' | 'relay' | 'none' | 'unknown';

const DIRECT_MS = 5_000;
const RELAY_MS = 8_000;
/** TCP may be faster to connect; UDP is what is used if it comes within this. */
const UDP_LATER_MS = 1_500;
const LOOK_MS = 100;

interface Answer {
  sdp: string;
  ice_servers?: IceServer[];
}

type Ask = (offer: string) => Promise<Answer | null>;

const askServer: Ask = async (offer) => {
  const init = { method: 'POST', headers: { 'content-type': 'application/sdp' }, body: offer };
  const response = await fetch('/api/v1/connectivity', init).catch(() => null);
  return response?.ok ? ((await response.json()) as Answer) : null;
};

export async function findWay(ask: Ask = askServer): Promise<Way> {
  const direct = await attempt(ask, [], DIRECT_MS);
  if (direct.way !== 'none' || direct.servers.length === 0) return direct.way;
  const relayed = await attempt(ask, direct.servers, RELAY_MS);
  if (relayed.way === 'relay') relays.need();
  return relayed.way;
}

async function attempt(ask: Ask, iceServers: IceServer[], withinMs: number): Promise<{ way: Way; servers: IceServer[] }> {
  const connection = new RTCPeerConnection({ bundlePolicy: 'max-bundle', iceServers });
  try {
    connection.addTransceiver('audio', { direction: 'recvonly' });
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    const answer = await ask(connection.localDescription?.sdp ?? offer.sdp ?? '');
    if (!answer) return { way: 'unknown', servers: [] };
    await connection.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    return { way: await connected(connection, withinMs), servers: answer.ice_servers ?? [] };
  } catch {
    return { way: 'unknown', servers: [] };
  } finally {
    connection.close();
  }
}

async function connected(connection: RTCPeerConnection, withinMs: number): Promise<Way> {
  let best: Way = 'none';
  for (let left = withinMs; left > 0; left -= LOOK_MS) {
    await new Promise((done) => setTimeout(done, LOOK_MS));
    if (connection.iceConnectionState !== 'connected' && connection.iceConnectionState !== 'completed') continue;
    const now = wayOf(await connection.getStats());
    if (now === 'udp') return now;
    if (best === 'none') left = Math.min(left, UDP_LATER_MS);
    best = now;
  }
  return best;
}

/** The pair in use: named by the transport (W3C WebRTC statistics), or marked as selected (Firefox). */
export function wayOf(stats: RTCStatsReport): Way {
  const all = [...stats.values()] as Record<string, unknown>[];
  const named = all.find((one) => one.type === 'transport' && one.selectedCandidatePairId)?.selectedCandidatePairId;
  const pair = all.find((one) => (named ? one.id === named : one.type === 'candidate-pair' && one.selected === true));
  const local = all.find((one) => one.id === pair?.localCandidateId);
  if (!local) return 'none';
  if (local.candidateType === 'relay') return 'relay';
  return local.protocol === 'tcp' ? 'tcp' : 'udp';
}
