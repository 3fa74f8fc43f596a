// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import { BLIND_WAIT_MS, FrameGate, atOrAfter } from './frame-gate';

describe('RTP time', () => {
  it('wraps at 32 bits (RFC 3550, 5.1)', () => {
    expect(atOrAfter(5, 0xffff_fff0)).toBe(true);
    expect(atOrAfter(0xffff_fff0, 5)).toBe(false);
    expect(atOrAfter(7, 7)).toBe(true);
  });
});

describe('a picture under a new name (M2)', () => {
  it('waits for the first frame at or after the time', () => {
    const gate = new FrameGate(9_000, 0);
    expect(gate.opens({ nowMs: 10_000, rtp: 8_999, lastRtp: undefined })).toBe(false);
    expect(gate.opens({ nowMs: 10_001, rtp: 9_000, lastRtp: undefined })).toBe(true);
  });

  it('waits for the second frame where only the track tells the time', () => {
    const gate = new FrameGate(9_000, 0);
    expect(gate.opens({ nowMs: 1, rtp: undefined, lastRtp: 6_000 })).toBe(false);
    expect(gate.opens({ nowMs: 2, rtp: undefined, lastRtp: 9_000 })).toBe(false);
    expect(gate.opens({ nowMs: 3, rtp: undefined, lastRtp: 12_000 })).toBe(true);
  });

  it('waits a while where nothing tells the time', () => {
    const gate = new FrameGate(9_000, 100);
    expect(gate.opens({ nowMs: 100 + BLIND_WAIT_MS - 1, rtp: undefined, lastRtp: undefined })).toBe(false);
    expect(gate.opens({ nowMs: 100 + BLIND_WAIT_MS, rtp: undefined, lastRtp: undefined })).toBe(true);
  });
});
