// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of directing a stage in the language in use. Read it inside `$derived`: it follows the language.

import { language } from './language.svelte';
import type { ShowTexts } from './show.en';

export function showTexts(): ShowTexts {
  return language.all.show;
}
