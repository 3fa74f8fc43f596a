// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Tells from which frame on a slot's picture belongs to the source that `slot_changed` named. Comparison of RTP
// timestamps wraps at 32 bits (RFC 3550, section 5.1). Pure.

/** Whether `a` is at or after `b` on the wrapping line of RTP timestamps. */
export function atOrAfter(a: number, b: number): boolean {
  return ((a - b) | 0) >= 0;
}

/** What is known of one presented frame. */
export interface Frame {
  nowMs: number;
  /** RTP timestamp of this very frame (Chromium). */
  rtp: number | undefined;
  /** RTP timestamp of the last frame that reached the track (all browsers): this frame is that one or one before. */
  lastRtp: number | undefined;
}

/** Without any timestamp: a frame that comes this long after the change is taken to be of the new source. */
export const BLIND_WAIT_MS = 500;

/** The server's word where no packet told a time yet; half of all real times would be "before" it. */
const NO_TIME = 0;

export class FrameGate {
  readonly #rtpTime: number;
  readonly #sinceMs: number;
  #confirmed = 0;

  constructor(rtpTime: number, nowMs: number) {
    this.#rtpTime = rtpTime;
    this.#sinceMs = nowMs;
  }

  /** Whether this frame, and so all later ones, may be shown. */
  opens(frame: Frame): boolean {
    if (this.#rtpTime === NO_TIME) return frame.nowMs - this.#sinceMs >= BLIND_WAIT_MS;
    if (frame.rtp !== undefined) return atOrAfter(frame.rtp, this.#rtpTime);
    if (frame.lastRtp !== undefined) {
      // The frame on screen may be one older than the last that arrived: the second one is safe.
      if (atOrAfter(frame.lastRtp, this.#rtpTime)) this.#confirmed += 1;
      return this.#confirmed >= 2;
    }
    return frame.nowMs - this.#sinceMs >= BLIND_WAIT_MS;
  }
}
