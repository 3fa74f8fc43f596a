// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of the breakouts in the language in use. Read it inside `$derived`: it follows the language.

import type { BreakoutsTexts } from './breakouts.en';
import { language } from './language.svelte';

export function breakoutsTexts(): BreakoutsTexts {
  return language.all.breakouts;
}

/** Seconds as minutes and seconds, such as 4:05. */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
