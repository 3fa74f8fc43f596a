// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ClientMessage } from '../protocol';
import { Up } from './up';

class FakeConnection {
  static all: FakeConnection[] = [];
  signalingState = 'stable';
  connectionState = 'new';
  localDescription: { sdp: string } | null = null;
  answer: string | null = null;
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    FakeConnection.all.push(this);
  }
  active: boolean[][] = [];
  addTransceiver(kind: string, init: { sendEncodings?: object[] }): object {
    let encodings: { active?: boolean }[] = (init.sendEncodings ?? [{}]).map((one) => ({ ...one }));
    const setParameters = async (parameters: { encodings: { active: boolean }[] }): Promise<void> => {
      encodings = parameters.encodings;
      this.active.push(parameters.encodings.map((one) => one.active));
    };
    const getParameters = (): object => ({ encodings: encodings.map((one) => ({ ...one })) });
    return { sender: { kind, replaceTrack: async () => undefined, getParameters, setParameters } };
  }
  async createOffer(): Promise<{ sdp: string }> {
    return { sdp: `offer of ${FakeConnection.all.indexOf(this)}` };
  }
  async setLocalDescription(offer: { sdp: string }): Promise<void> {
    this.localDescription = offer;
    this.signalingState = 'have-local-offer';
  }
  async setRemoteDescription(answer: { sdp: string }): Promise<void> {
    this.answer = answer.sdp;
    this.signalingState = 'stable';
  }
  close(): void {}
}

beforeEach(() => {
  vi.useFakeTimers();
  FakeConnection.all = [];
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.stubGlobal('MediaStream', class {});
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('takes only the answer to its last offer', async () => {
  const sent: ClientMessage[] = [];
  const up = new Up({ send: (message) => sent.push(message) > 0, changed: () => undefined });
  await up.start();
  await up.start();
  const numbers = sent.map((message) => (message.kind === 'publish_offer' ? message.offer : undefined));
  expect(numbers).toEqual([1, 2]);
  up.handle({ kind: 'publish_answer', offer: 1, sdp: 'late' });
  expect(FakeConnection.all[1]!.answer).toBeNull();
  up.handle({ kind: 'publish_answer', offer: 2, sdp: 'right' });
  expect(FakeConnection.all[1]!.answer).toBe('right');
  up.stop();
});

it('takes an answer without number, as older servers give it', async () => {
  const up = new Up({ send: () => true, changed: () => undefined });
  await up.start();
  up.handle({ kind: 'publish_answer', sdp: 'plain' });
  expect(FakeConnection.all[0]!.answer).toBe('plain');
  up.stop();
});

it('stops layers that nobody watches, of the answered connection alone, and sends all after a lost socket', async () => {
  const up = new Up({ send: () => true, changed: () => undefined });
  await up.start();
  const [first] = FakeConnection.all;
  up.handle({ kind: 'layers_wanted', source: 'camera', layers: [0] });
  expect(first!.active, 'of an earlier connection').toEqual([]);
  up.handle({ kind: 'publish_answer', offer: 1, sdp: 'right' });
  up.handle({ kind: 'layers_wanted', source: 'camera', layers: [0, 2] });
  expect(first!.active).toEqual([[true, false, true]]);
  await vi.advanceTimersByTimeAsync(0);
  first!.connectionState = 'connected';
  up.revive(false);
  expect(first!.active.at(-1)).toEqual([true, true, true]);
  await up.start();
  up.handle({ kind: 'layers_wanted', source: 'camera', layers: [0] });
  expect(first!.active).toHaveLength(2);
  up.stop();
});
