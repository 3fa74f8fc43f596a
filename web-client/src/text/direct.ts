// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of the direction in the language in use. Read it inside `$derived`: it follows the language.

import type { DirectTexts } from './direct.en';
import { language } from './language.svelte';

export function directTexts(): DirectTexts {
  return language.all.direct;
}
