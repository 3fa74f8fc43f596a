// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The texts of live captions in the language in use. Read it inside `$derived`: it follows the language.

import { language } from './language.svelte';
import type { CaptionTexts } from './captions.en';

export function captionTexts(): CaptionTexts {
  return language.all.captions;
}
