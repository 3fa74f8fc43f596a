// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The <audio> elements, one per sound slot. They are made and started inside the Join click, so that browsers let them
// play; where one refuses later (after a reload), `onRefused` asks for a tap.

const VOICES = 3;
const SCREEN_SOUNDS = 1;

export class AudioPool {
  readonly #holder: HTMLElement;
  readonly #elements: HTMLAudioElement[] = [];
  readonly #bySlot = new Map<number, HTMLAudioElement>();
  #volume = 1;
  #muted = false;
  readonly #onGesture = (): void => this.unlock();
  /** Called when the browser refused to play, and again when it plays. */
  onRefused: (refused: boolean) => void = () => undefined;

  constructor() {
    this.#holder = document.createElement('div');
    this.#holder.className = 'audio-pool';
    this.#holder.hidden = true;
    document.body.append(this.#holder);
    for (let i = 0; i < VOICES + SCREEN_SOUNDS; i += 1) this.#make();
  }

  /** Call inside a click: starts every element, also those without sound yet. */
  unlock(): void {
    for (const element of this.#elements) void element.play().catch(() => undefined);
    this.#waitForGesture(false);
    this.onRefused(false);
    this.#retry();
  }

  /** Any click or key lets the browser play: nobody has to find the one button for it. */
  #waitForGesture(wait: boolean): void {
    for (const kind of ['pointerup', 'keyup'] as const) {
      if (wait) document.addEventListener(kind, this.#onGesture);
      else document.removeEventListener(kind, this.#onGesture);
    }
  }

  assign(slot: number, track: MediaStreamTrack): void {
    const element = this.#bySlot.get(slot) ?? this.#free() ?? this.#make();
    this.#bySlot.set(slot, element);
    element.dataset['testid'] = `slot-audio-${slot}`;
    element.dataset['slot'] = String(slot);
    element.srcObject = new MediaStream([track]);
    this.#play(element);
  }

  set volume(volume: number) {
    this.#volume = volume;
    for (const element of this.#elements) element.volume = volume;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    for (const element of this.#elements) element.muted = muted;
  }

  dispose(): void {
    this.#waitForGesture(false);
    for (const element of this.#elements) element.srcObject = null;
    this.#holder.remove();
  }

  #make(): HTMLAudioElement {
    const element = document.createElement('audio');
    element.autoplay = true;
    element.volume = this.#volume;
    element.muted = this.#muted;
    this.#elements.push(element);
    this.#holder.append(element);
    return element;
  }

  #free(): HTMLAudioElement | undefined {
    const taken = new Set(this.#bySlot.values());
    return this.#elements.find((element) => !taken.has(element));
  }

  #play(element: HTMLAudioElement): void {
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException && error.name === 'NotAllowedError')) return;
      this.#waitForGesture(true);
      this.onRefused(true);
    });
  }

  #retry(): void {
    for (const element of this.#bySlot.values()) this.#play(element);
  }
}
