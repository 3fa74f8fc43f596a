// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of the pages beside the fair in the language in use, and times and numbers as that language writes them.
// Read it inside `$derived`: it follows the language.

import { language } from './language.svelte';
import type { PagesTexts } from './pages.en';

export function pagesTexts(): PagesTexts {
  return language.all.pages;
}

export function clockTime(unixMs: number): string {
  return new Intl.DateTimeFormat(language.locale, { hour: '2-digit', minute: '2-digit' }).format(unixMs);
}

export function dayAndTime(unixMs: number): string {
  return new Intl.DateTimeFormat(language.locale, { dateStyle: 'long', timeStyle: 'short' }).format(unixMs);
}
