// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Texts that the organiser wrote in one or two languages: the one in use, else the other.

import type { Localised } from '../protocol';
import type { Language } from './language.svelte';

export function inLanguage(text: Localised, language: Language): string {
  return text[language] ?? text.it ?? text.en ?? '';
}

/** The title of an event or a room. */
export function titleOf(thing: { title: string; titles?: Localised }, language: Language): string {
  return thing.titles?.[language] ?? thing.title;
}

interface Titled {
  title: string;
  titles?: Localised;
}

/** The language that an event is in first, as its titles and those of its rooms tell; null where they tell nothing. */
export function firstLanguage(event: Titled & { rooms: readonly Titled[] }): Language | null {
  const telling = [event, ...event.rooms].filter(({ titles }) => titles?.it !== titles?.en);
  // Of two titles the first language's is the one that is shown unasked; who wrote one alone may have meant it for all.
  const one = telling.find(({ titles }) => titles?.it && titles.en) ?? telling[0];
  return one ? (one.title === one.titles?.it ? 'it' : 'en') : null;
}
