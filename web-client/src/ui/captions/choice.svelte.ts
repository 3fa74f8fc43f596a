// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// How somebody reads captions: on or off, how large, in which language. In this browser alone; the server is never told.

import { recall, remember } from '../memory';

export const SIZES = ['s', 'm', 'l', 'xl'] as const;
export type Size = (typeof SIZES)[number];

interface Kept {
  on: boolean;
  size: Size;
  lang: string | null;
}

function kept(): Kept {
  const none: Kept = { on: false, size: 'm', lang: null };
  try {
    const known = { ...none, ...(JSON.parse(recall('captions') ?? '{}') as Partial<Kept>) };
    return SIZES.includes(known.size) ? known : none;
  } catch {
    return none;
  }
}

class CaptionChoice {
  #kept = $state.raw<Kept>(kept());

  get on(): boolean {
    return this.#kept.on;
  }
  set on(on: boolean) {
    this.#set({ on });
  }
  get size(): Size {
    return this.#kept.size;
  }
  set size(size: Size) {
    this.#set({ size });
  }
  /** None: the language of the page where there is one. */
  get lang(): string | null {
    return this.#kept.lang;
  }
  set lang(lang: string | null) {
    this.#set({ lang });
  }

  #set(part: Partial<Kept>): void {
    this.#kept = { ...this.#kept, ...part };
    remember('captions', JSON.stringify(this.#kept));
  }
}

export const choice = new CaptionChoice();
