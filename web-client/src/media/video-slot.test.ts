// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Shown } from '../protocol';
import { FakeElement, stubPage } from '../testing/dom';
import { BLIND_WAIT_MS } from './frame-gate';
import { VideoSlot } from './video-slot';

const ADA: Shown = { participant: 'ada', source: 'camera' };
const receiver = (): RTCRtpReceiver => ({ track: {} }) as RTCRtpReceiver;

function setup(frames = true) {
  stubPage(frames);
  const slot = new VideoSlot(0, 'camera', () => undefined);
  const [video, still] = (slot.element as unknown as FakeElement).children;
  return { slot, video: video!, still: still! };
}

/** A slot that showed Ada on a rack, and has just been plugged into the next one. */
function onNextRack() {
  const all = setup();
  all.slot.attach(receiver());
  all.slot.show(ADA, 3_000_000_000);
  all.video.present(3_000_000_001);
  expect(all.slot.state).toBe('shown');
  all.slot.attach(receiver());
  expect(all.slot.state).toBe('waiting');
  expect(all.still.hidden).toBe(false);
  return all;
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('the picture of an earlier rack', () => {
  it('goes when the new rack says that the slot is empty', () => {
    const { slot, still } = onNextRack();
    slot.show(null, 0);
    expect(slot).toMatchObject({ state: 'empty', shows: null });
    expect(still.hidden).toBe(true);
  });

  it('goes when the new rack says nothing', () => {
    const { slot, still } = onNextRack();
    slot.expire();
    expect(slot).toMatchObject({ state: 'empty', shows: null });
    expect(still.hidden).toBe(true);
  });

  it('stays until the first frame when the new rack brings the same source', () => {
    const { slot, video, still } = onNextRack();
    slot.show(ADA, 500);
    slot.expire();
    expect(slot.state).toBe('waiting');
    expect(still.hidden).toBe(false);
    video.present(500);
    expect(slot.state).toBe('shown');
    expect(still.hidden).toBe(true);
  });
});

describe('a source that this browser cannot decode', () => {
  it('is told with its owner, and the word goes when a picture comes', () => {
    const { slot, video } = setup();
    slot.attach(receiver());
    slot.show(ADA, 0);
    slot.cannotDecode('H264');
    expect(slot).toMatchObject({ state: 'undecodable', codec: 'H264', shows: ADA });
    video.present(9_000);
    expect(slot.state).toBe('undecodable');
    slot.show(ADA, 3_000_000_000);
    expect(slot).toMatchObject({ state: 'waiting', codec: null });
    video.present(3_000_000_000);
    expect(slot.state).toBe('shown');
  });

  it('without a time hides no later frame, whatever its own', () => {
    const { slot, video } = setup();
    slot.attach(receiver());
    slot.show(ADA, 0);
    vi.advanceTimersByTime(BLIND_WAIT_MS);
    video.present(3_000_000_000);
    expect(slot.state).toBe('shown');
  });
});

it('a picture that is left out for a slow path goes with its word, and comes back with the next one', () => {
  const { slot, video } = setup();
  slot.attach(receiver());
  slot.show(ADA, 100);
  video.present(100);
  slot.pause(ADA);
  expect(slot).toMatchObject({ state: 'paused', shows: ADA });
  video.present(50_000);
  expect(slot.state).toBe('paused');
  slot.show(ADA, 90_000);
  video.present(90_000);
  expect(slot.state).toBe('shown');
});

it('listens once where the browser does not tell of frames, however many racks there were', () => {
  const { slot, video } = setup(false);
  for (let i = 0; i < 5; i += 1) slot.attach(receiver());
  expect(video.listening).toBe(1);
  slot.dispose();
  expect(video.listening).toBe(0);
});
