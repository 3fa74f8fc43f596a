// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// As much of a page as a picture slot touches, for tests without a browser.

import { vi } from 'vitest';

/** A <video>, <canvas> or <div>; of a video, the test presents the frames. */
export class FakeElement extends EventTarget {
  readonly dataset: Record<string, string> = {};
  readonly style = { visibility: '', setProperty: (): void => undefined };
  hidden = false;
  paused = false;
  videoWidth = 640;
  videoHeight = 360;
  srcObject: unknown = null;
  listening = 0;
  readonly children: FakeElement[] = [];
  #frames: ((now: number, meta: { rtpTimestamp: number }) => void)[] = [];

  override addEventListener(type: string, run: EventListener, options?: AddEventListenerOptions): void {
    if (type === 'timeupdate') {
      this.listening += 1;
      options?.signal?.addEventListener('abort', () => (this.listening -= 1));
    }
    super.addEventListener(type, run, options);
  }

  requestVideoFrameCallback(run: (now: number, meta: { rtpTimestamp: number }) => void): void {
    this.#frames.push(run);
  }

  present(rtpTimestamp: number): void {
    for (const run of this.#frames.splice(0)) run(performance.now(), { rtpTimestamp });
  }

  append(...nodes: FakeElement[]): void {
    this.children.push(...nodes);
  }

  setAttribute(): void {}
  remove(): void {}
  getContext(): { drawImage: () => void } {
    return { drawImage: () => undefined };
  }
  play(): Promise<void> {
    return Promise.resolve();
  }
}

/** Stubs the globals; undo with `vi.unstubAllGlobals()`. `frames`: whether the browser tells of each frame. */
export function stubPage(frames: boolean): void {
  vi.stubGlobal('document', { createElement: () => new FakeElement() });
  vi.stubGlobal('MediaStream', class {});
  const prototype = frames ? { requestVideoFrameCallback: (): void => undefined } : {};
  vi.stubGlobal('HTMLVideoElement', { prototype });
}
