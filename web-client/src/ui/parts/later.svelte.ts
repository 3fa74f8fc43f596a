// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Parts of the page that are fetched when they are asked for: which did not come, and what a reload would cost. It fetches nothing
// by itself; what is only fetched ahead does not go through here, because nobody misses it yet.

let absent = $state.raw<readonly string[]>([]);
let lost = $state(false);
let sends = $state(false);
let modals = $state(0);

export const later = {
  /** Whether a part that was asked for did not come, and has not come since. */
  get missing(): boolean {
    return absent.length > 0;
  },
  /** It was read. */
  dismiss(): void {
    absent = [];
  },
  /** The server is not reached: a reload would lead to the browser's own page of errors. */
  get lost(): boolean {
    return lost;
  },
  set lost(is: boolean) {
    lost = is;
  },
  /** This page sends what is on air: a reload interrupts it. */
  get sends(): boolean {
    return sends;
  },
  set sends(are: boolean) {
    sends = are;
  },
  /** How many dialogs lie over the page, which is inert meanwhile. */
  get modals(): number {
    return modals;
  },
  set modals(are: number) {
    modals = are;
  },
  /** Fetches the part `name`; `failed`: what asked for it is taken back, so that it can be asked for again. */
  async part<T>(name: string, load: () => Promise<T>, failed?: () => void): Promise<T> {
    const others = (): string[] => absent.filter((one) => one !== name);
    try {
      const came = await load();
      if (absent.includes(name)) absent = others();
      return came;
    } catch (error) {
      absent = [...others(), name];
      failed?.();
      throw error;
    }
  },
};
