// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The language in use: remembered, else the browser's, else Italian. What it says is fetched when it is asked for the
// first time. `texts` and `all` are reactive in components, and there once `load` has come through.

import { recall, remember } from '../ui/memory';
import type { AllTexts } from './all.en';
import type { Texts } from './en';

export type Language = 'it' | 'en';
/** Each language by its own name. */
export const LANGUAGES: Record<Language, string> = { it: 'Italiano', en: 'English' };

const FETCHED: Record<Language, () => Promise<AllTexts>> = {
  it: async () => (await import('./all.it')).allIt,
  en: async () => (await import('./all.en')).allEn,
};
const here: Partial<Record<Language, AllTexts>> = {};

function preferred(): Language {
  const kept = recall('language');
  if (kept === 'it' || kept === 'en') return kept;
  const asked = navigator.languages.map((one) => one.slice(0, 2).toLowerCase());
  return (asked.find((one) => one === 'it' || one === 'en') as Language | undefined) ?? 'it';
}

let current = $state<Language>(preferred());
/** What was chosen last, which may still be on its way. */
let wanted = current;

async function fetched(one: Language): Promise<void> {
  here[one] ??= await FETCHED[one]();
}

/** The language in use, and its texts. */
export const language = {
  get current(): Language {
    return current;
  },
  /** How times and dates are written: in English as in Europe, by 24 hours. */
  get locale(): string {
    return current === 'en' ? 'en-GB' : current;
  },
  get all(): AllTexts {
    const all = here[current];
    if (!all) throw new Error('texts are read before they are here');
    return all;
  },
  get texts(): Texts {
    return this.all.general;
  },
  /** Fetches the texts of the language in use, or of another one. */
  load: (one: Language = current): Promise<void> => fetched(one),
  /** All texts of one language, fetched where they are not here; those in use where they do not come. */
  async in(one: Language): Promise<AllTexts> {
    await fetched(one).catch(() => undefined);
    return here[one] ?? this.all;
  },
  /** Changes the language: at once where its texts are here, else when they are; they stay as they are where none come. */
  choose(next: Language): void {
    wanted = next;
    const change = (): void => {
      if (wanted !== next) return;
      current = next;
      remember('language', next);
      document.documentElement.lang = next;
    };
    if (here[next]) change();
    else void fetched(next).then(change, () => undefined);
  },
};

document.documentElement.lang = language.current;
