// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of the programme, of ideas and of thanks in the language in use. Read it inside `$derived`.

import { language } from './language.svelte';
import type { ProgrammeTexts } from './programme.en';

export function programmeTexts(): ProgrammeTexts {
  return language.all.programme;
}
