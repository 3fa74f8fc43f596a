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
