// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// All English texts: one file, fetched where this language is in use.

import { breakoutsEn } from './breakouts.en';
import { captionsEn } from './captions.en';
import { directEn } from './direct.en';
import { en } from './en';
import { pagesEn } from './pages.en';
import { pollsEn } from './polls.en';
import { programmeEn } from './programme.en';
import { showEn } from './show.en';
import { standsEn } from './stands.en';
import { storedEn } from './stored.en';

export const allEn = {
  general: en, breakouts: breakoutsEn, captions: captionsEn, direct: directEn, pages: pagesEn, polls: pollsEn, programme: programmeEn, show: showEn, stands: standsEn, stored: storedEn,
};

export type AllTexts = typeof allEn;
