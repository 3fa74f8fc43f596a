// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// One picture slot of the rack: its <video>, what is plugged in, and whether the picture may be seen yet. The element
// outlives racks, and a still of the last picture stays while a new rack brings the same source.

import type { Shown, SlotKind } from '../protocol';
import { FrameGate } from './frame-gate';

/**
 * `empty`: nothing plugged in. `waiting`: the new source's first frame is to come. `paused`: too much for the path.
 * `undecodable`: no decoder here.
 */
export type SlotState = 'empty' | 'waiting' | 'shown' | 'paused' | 'undecodable';

export class VideoSlot {
  readonly slot: number;
  readonly takes: SlotKind;
  /** Holds the still and the video; whoever shows the slot puts it into the page. */
  readonly element: HTMLElement;
  readonly #video: HTMLVideoElement;
  readonly #still: HTMLCanvasElement;
  readonly #changed: () => void;
  #receiver: RTCRtpReceiver | null = null;
  #gate: FrameGate | null = null;
  /** Ends the watch over the frames of the rack before. */
  #following = new AbortController();
  /** What the slot of this rack shows was said since it came. */
  #told = true;
  shows: Shown | null = null;
  state: SlotState = 'empty';
  codec: string | null = null;
  /** Width over height of its pictures; before the first, of most cameras and screens. */
  aspect = 16 / 9;

  constructor(slot: number, takes: SlotKind, changed: () => void) {
    this.slot = slot;
    this.takes = takes;
    this.#changed = changed;
    this.#video = document.createElement('video');
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.autoplay = true;
    this.#video.disablePictureInPicture = true;
    this.#video.dataset['testid'] = `slot-video-${slot}`;
    this.#video.dataset['slot'] = String(slot);
    this.#video.setAttribute('aria-hidden', 'true');
    // Firefox would stop at it with the Tab key.
    this.#video.tabIndex = -1;
    this.#still = document.createElement('canvas');
    this.#still.setAttribute('aria-hidden', 'true');
    this.#still.hidden = true;
    this.element = document.createElement('div');
    this.element.className = 'picture';
    this.element.append(this.#video, this.#still);
    this.#video.addEventListener('resize', () => this.#resized());
    this.#mark();
  }

  /** The rack's track for this slot; replaces the one of an earlier rack. */
  attach(receiver: RTCRtpReceiver): void {
    this.#freeze();
    this.#receiver = receiver;
    this.#gate = null;
    this.#told = false;
    this.state = this.state === 'shown' ? 'waiting' : this.state;
    this.#video.srcObject = new MediaStream([receiver.track]);
    void this.#video.play().catch(() => undefined);
    this.#follow();
    this.#mark();
  }

  /** `slot_changed`: another source from an RTP time on. */
  show(shows: Shown | null, rtpTime: number): void {
    const same = shows?.participant === this.shows?.participant && shows?.source === this.shows?.source;
    if (!same) this.#still.hidden = true;
    this.#told = true;
    this.shows = shows;
    this.codec = null;
    this.state = shows ? 'waiting' : 'empty';
    this.#gate = shows ? new FrameGate(rtpTime, performance.now()) : null;
    if (shows && this.#video.paused) void this.#video.play().catch(() => undefined);
    this.#mark();
    this.#changed();
  }

  /** `slot_paused`: the picture is left out, as the path is too slow for it. */
  pause(shows: Shown): void {
    this.show(shows, 0);
    this.#gate = null;
    this.#still.hidden = true;
    this.state = 'paused';
    this.#mark();
    this.#changed();
  }

  /** The new rack has been up for long, and nobody said that the old picture is in it: it is not. */
  expire(): void {
    if (!this.#told) this.clear();
  }

  cannotDecode(codec: string): void {
    this.state = 'undecodable';
    this.codec = codec;
    this.#still.hidden = true;
    this.#mark();
    this.#changed();
  }

  /** Nothing comes any more (left, audio only). */
  clear(): void {
    this.show(null, 0);
  }

  dispose(): void {
    this.#following.abort();
    this.#video.srcObject = null;
    this.element.remove();
  }

  #follow(): void {
    this.#following.abort();
    this.#following = new AbortController();
    const { signal } = this.#following;
    if (!('requestVideoFrameCallback' in HTMLVideoElement.prototype)) {
      this.#video.addEventListener('timeupdate', () => this.#frame(undefined), { signal });
      return;
    }
    const next = (_now: number, meta: VideoFrameCallbackMetadata): void => {
      if (signal.aborted) return;
      this.#frame(meta.rtpTimestamp);
      this.#video.requestVideoFrameCallback(next);
    };
    this.#video.requestVideoFrameCallback(next);
  }

  #frame(rtp: number | undefined): void {
    if (this.state !== 'waiting' || this.#gate === null) return;
    const lastRtp = rtp === undefined ? this.#receiver?.getSynchronizationSources?.()[0]?.rtpTimestamp : undefined;
    if (!this.#gate.opens({ nowMs: performance.now(), rtp, lastRtp })) return;
    this.state = 'shown';
    this.#still.hidden = true;
    this.#mark();
    this.#changed();
  }

  /** Keeps the last picture in sight while the next rack is negotiated. */
  #freeze(): void {
    const { videoWidth, videoHeight } = this.#video;
    if (this.state !== 'shown' || videoWidth === 0) return;
    this.#still.width = videoWidth;
    this.#still.height = videoHeight;
    this.#still.getContext('2d')?.drawImage(this.#video, 0, 0);
    this.#still.hidden = false;
  }

  #resized(): void {
    const { videoWidth, videoHeight } = this.#video;
    if (videoHeight === 0) return;
    this.aspect = videoWidth / videoHeight;
    this.element.style.setProperty('--aspect', String(this.aspect));
  }

  #mark(): void {
    this.element.dataset['state'] = this.state;
    this.#video.style.visibility = this.state === 'shown' ? 'visible' : 'hidden';
  }
}
