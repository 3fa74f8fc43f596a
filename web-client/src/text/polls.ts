// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of polls in the language in use. Read it inside `$derived`: it follows the language.

import { language } from './language.svelte';
import type { PollTexts } from './polls.en';

export function pollTexts(): PollTexts {
  return language.all.polls;
}
