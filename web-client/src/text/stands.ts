// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of stands in the language in use. Read it inside `$derived`: it follows the language.

import { language } from './language.svelte';
import type { StandTexts } from './stands.en';

export function standTexts(): StandTexts {
  return language.all.stands;
}
