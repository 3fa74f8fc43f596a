// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Shown, SlotInfo } from '../protocol';
import { FakeElement, stubPage } from '../testing/dom';
import type { AudioPool } from './audio-pool';
import { Down } from './down';

const ADA: Shown = { participant: 'ada', source: 'camera' };
const CAMERA = (slot: number): SlotInfo => ({ slot, mid: String(slot), takes: 'camera' });

class FakeConnection {
  static last: FakeConnection;
  connectionState = 'new';
  localDescription = { sdp: '' };
  onconnectionstatechange: (() => void) | null = null;

  constructor() {
    FakeConnection.last = this;
  }
  getTransceivers(): object[] {
    return [0, 1].map((mid) => ({ mid: String(mid), receiver: { track: {} } }));
  }
  async createAnswer(): Promise<object> {
    return {};
  }
  async setLocalDescription(): Promise<void> {}
  async setRemoteDescription(): Promise<void> {}
  close(): void {}
  move(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  stubPage(true);
  vi.stubGlobal('RTCPeerConnection', FakeConnection);
  vi.stubGlobal('ResizeObserver', class { observe(): void {} disconnect(): void {} });
  vi.stubGlobal('devicePixelRatio', 1);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Two slots that showed Ada twice, on rack 1. */
async function watching() {
  const down = new Down({ send: () => true, changed: () => undefined, audio: {} as AudioPool, videoSlots: 2 });
  const rack = async (number: number, slots: SlotInfo[]): Promise<void> => {
    down.handle({ kind: 'rack_offer', rack: number, sdp: '', slots });
    await vi.advanceTimersByTimeAsync(0);
    FakeConnection.last.move('connected');
  };
  const states = (): string[] => down.slots.map((slot) => slot.state);
  down.watch();
  await rack(1, [CAMERA(0), CAMERA(1)]);
  for (const slot of down.slots) {
    down.handle({ kind: 'slot_changed', rack: 1, slot: slot.slot, shows: ADA, rtp_time: 1_000 });
    (slot.element as unknown as FakeElement).children[0]!.present(1_000);
  }
  expect(states()).toEqual(['shown', 'shown']);
  return { down, rack, states };
}

it('lets go of pictures that a new rack does not speak of within 10 s, also where it wavers', async () => {
  const { down, rack, states } = await watching();
  await rack(2, [CAMERA(0), CAMERA(1)]);
  down.handle({ kind: 'slot_changed', rack: 2, slot: 1, shows: ADA, rtp_time: 5 });
  await vi.advanceTimersByTimeAsync(9_000);
  FakeConnection.last.move('disconnected');
  FakeConnection.last.move('connected');
  expect(states()).toEqual(['waiting', 'waiting']);
  await vi.advanceTimersByTimeAsync(1_001);
  expect(states()).toEqual(['empty', 'waiting']);
  down.dispose();
});

it('lets go at once of a slot that a new rack does not have', async () => {
  const { down, rack, states } = await watching();
  await rack(2, [CAMERA(0)]);
  expect(states()).toEqual(['waiting', 'empty']);
  down.dispose();
});

it('empties a slot that a new rack says is empty', async () => {
  const { down, rack, states } = await watching();
  await rack(2, [CAMERA(0), CAMERA(1)]);
  down.handle({ kind: 'slot_changed', rack: 2, slot: 0, shows: null, rtp_time: 0 });
  expect(states()).toEqual(['empty', 'waiting']);
  down.dispose();
});

it('negotiates while one is still entering, and answers only once one may watch', async () => {
  const sent: string[] = [];
  const send = (message: { kind: string }): boolean => sent.push(message.kind) > 0;
  const down = new Down({ send, changed: () => undefined, audio: {} as AudioPool, videoSlots: 2 });
  down.prepare();
  down.handle({ kind: 'rack_offer', rack: 1, sdp: '', slots: [CAMERA(0)] });
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toEqual(['watch']);
  down.watch();
  expect(sent.slice(0, 2)).toEqual(['watch', 'rack_answer']);
  down.dispose();
});

it('answers a rack that was asked for ahead and is offered after one entered, and asks again where it never comes', async () => {
  const sent: string[] = [];
  const send = (message: { kind: string }): boolean => sent.push(message.kind) > 0;
  const down = new Down({ send, changed: () => undefined, audio: {} as AudioPool, videoSlots: 2 });
  down.prepare();
  down.watch();
  expect(sent).toEqual(['watch']);
  await vi.advanceTimersByTimeAsync(10_001);
  expect(sent).toEqual(['watch', 'watch']);
  down.handle({ kind: 'rack_offer', rack: 2, sdp: '', slots: [CAMERA(0)] });
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toContain('rack_answer');
  down.dispose();
});

it('asks for no picture of people where the screen alone is shown, and for them again afterwards', async () => {
  const wants: [number, number | null][] = [];
  const send = (message: { kind: string; slot?: number; height?: number | null }): boolean => {
    if (message.kind === 'want') wants.push([message.slot ?? -1, message.height ?? null]);
    return true;
  };
  const down = new Down({ send, changed: () => undefined, audio: {} as AudioPool, videoSlots: 2 });
  down.watch();
  down.handle({ kind: 'rack_offer', rack: 1, sdp: '', slots: [CAMERA(0), { slot: 1, mid: '1', takes: 'screen' }] });
  await vi.advanceTimersByTimeAsync(0);
  wants.length = 0;
  down.hide('cameras');
  expect(wants).toEqual([[0, null]]);
  down.hide('all');
  expect(wants).toEqual([[0, null], [1, null]]);
  down.hide('none');
  expect(wants.slice(2).map(([slot, height]) => [slot, height !== null])).toEqual([[0, true], [1, true]]);
  down.dispose();
});
