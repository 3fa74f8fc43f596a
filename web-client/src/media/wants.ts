// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Tells the server how large each picture slot is shown, in device pixels: never why. Small changes are not worth a
// message, and moving a window must not send a hundred of them.

export type SendWant = (slot: number, height: number | null) => void;

const DEBOUNCE_MS = 250;
/** A change of less than this share is not told. */
const SAME_WITHIN = 0.12;
/** What is asked for before a slot was ever laid out. */
const FIRST_HEIGHT = 360;

export class Wants {
  readonly #send: SendWant;
  readonly #observer: ResizeObserver;
  readonly #slots = new Map<Element, number>();
  readonly #told = new Map<number, number | null>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nothing = false;

  constructor(send: SendWant) {
    this.#send = send;
    this.#observer = new ResizeObserver(() => this.#later());
  }

  watch(slot: number, element: Element): void {
    this.#slots.set(element, slot);
    this.#observer.observe(element);
  }

  /** Audio only: no pictures at all. */
  set nothing(nothing: boolean) {
    this.#nothing = nothing;
    this.#tell();
  }

  /** A new rack knows no wants. */
  fresh(): void {
    this.#told.clear();
    this.#tell();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), DEBOUNCE_MS);
  }

  #tell(): void {
    for (const [element, slot] of this.#slots) {
      const before = this.#told.get(slot);
      const height = this.#nothing ? null : this.#heightOf(element, before);
      if (before !== undefined && closeTo(before, height)) continue;
      this.#told.set(slot, height);
      this.#send(slot, height);
    }
  }

  /** A slot that is not laid out is empty now; it keeps its last want, to be ready when something is plugged in. */
  #heightOf(element: Element, before: number | null | undefined): number {
    const pixels = Math.round(element.clientHeight * devicePixelRatio);
    return pixels > 0 ? Math.min(pixels, 4320) : (before ?? FIRST_HEIGHT);
  }
}

function closeTo(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= a * SAME_WITHIN;
}
