// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of the breakouts, in the language in use unless another one is asked for. Read it inside `$derived`: it follows the language.

import { breakoutsEn, type BreakoutsTexts } from './breakouts.en';
import { breakoutsIt } from './breakouts.it';
import { language, type Language } from './language.svelte';

export function breakoutsTexts(of: Language = language.current): BreakoutsTexts {
  return of === 'it' ? breakoutsIt : breakoutsEn;
}

/** Seconds as minutes and seconds, such as 4:05. */
export function minutesAndSeconds(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}
