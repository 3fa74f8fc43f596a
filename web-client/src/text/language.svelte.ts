// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The language in use: remembered, else the browser's, else Italian. `text` is reactive in components.

import { recall, remember } from '../ui/memory';
import { en, type Texts } from './en';
import { it } from './it';

export type Language = 'it' | 'en';
export const LANGUAGES: Record<Language, { texts: Texts; name: string }> = {
  it: { texts: it, name: 'Italiano' },
  en: { texts: en, name: 'English' },
};

function preferred(): Language {
  const kept = recall('language');
  if (kept === 'it' || kept === 'en') return kept;
  const asked = navigator.languages.map((one) => one.slice(0, 2).toLowerCase());
  return (asked.find((one) => one === 'it' || one === 'en') as Language | undefined) ?? 'it';
}

let current = $state<Language>(preferred());

/** The language in use, and its texts. */
export const language = {
  get current(): Language {
    return current;
  },
  /** How times and dates are written: in English as in Europe, by 24 hours. */
  get locale(): string {
    return current === 'en' ? 'en-GB' : current;
  },
  get texts(): Texts {
    return LANGUAGES[current].texts;
  },
  choose(next: Language): void {
    current = next;
    remember('language', next);
    document.documentElement.lang = next;
  },
};

document.documentElement.lang = language.current;
