// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Tells the server how large the picture of each slot is drawn, in device pixels: never why. A slot that is higher than
// its picture (`object-fit: contain`) needs no more lines than the picture. Small changes are not worth a message, and
// moving a window must not send a hundred of them.

export type SendWant = (slot: number, height: number | null) => void;

const DEBOUNCE_MS = 250;
/** A change of less than this share is not told. */
const SAME_WITHIN = 0.12;
/** What is asked for before a slot was ever laid out. */
const FIRST_HEIGHT = 360;

export class Wants {
  readonly #send: SendWant;
  readonly #observer: ResizeObserver;
  readonly #slots = new Map<Element, { slot: number; aspect: () => number }>();
  readonly #told = new Map<number, number | null>();
  readonly #gone = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #hidden: (slot: number) => boolean = () => false;

  constructor(send: SendWant) {
    this.#send = send;
    this.#observer = new ResizeObserver(() => this.#later());
  }

  /** `aspect`: width over height of the picture within. */
  watch(slot: number, element: Element, aspect: () => number): void {
    this.#slots.set(element, { slot, aspect });
    this.#observer.observe(element);
    // Of the <video> within, whose pictures have another form now.
    element.addEventListener('resize', () => this.#later(), { capture: true, signal: this.#gone.signal });
  }

  /** Slots of which nothing is to be sent: their pictures are not shown. */
  hide(hidden: (slot: number) => boolean): void {
    this.#hidden = hidden;
    this.#tell();
  }

  /** A new rack knows no wants. */
  fresh(): void {
    this.#told.clear();
    this.#tell();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#gone.abort();
    this.#observer.disconnect();
  }

  #later(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tell(), DEBOUNCE_MS);
  }

  #tell(): void {
    for (const [element, { slot, aspect }] of this.#slots) {
      const before = this.#told.get(slot);
      const height = this.#hidden(slot) ? null : heightOf(element, aspect(), before);
      if (before !== undefined && closeTo(before, height)) continue;
      this.#told.set(slot, height);
      this.#send(slot, height);
    }
  }
}

/** A slot that is not laid out is empty now; it keeps its last want, to be ready when something is plugged in. */
function heightOf(element: Element, aspect: number, before: number | null | undefined): number {
  const drawn = Math.min(element.clientHeight, element.clientWidth / aspect);
  const pixels = Math.round(drawn * devicePixelRatio);
  return pixels > 0 ? Math.min(pixels, 4320) : (before ?? FIRST_HEIGHT);
}

function closeTo(a: number | null, b: number | null): boolean {
  if (a === null || b === null) return a === b;
  return Math.abs(a - b) <= a * SAME_WITHIN;
}
