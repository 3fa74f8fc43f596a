// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// All Italian texts: one file, fetched where this language is in use.

import type { AllTexts } from './all.en';
import { breakoutsIt } from './breakouts.it';
import { captionsIt } from './captions.it';
import { directIt } from './direct.it';
import { it } from './it';
import { pagesIt } from './pages.it';
import { pollsIt } from './polls.it';
import { programmeIt } from './programme.it';
import { showIt } from './show.it';
import { standsIt } from './stands.it';
import { storedIt } from './stored.it';

export const allIt: AllTexts = {
  general: it, breakouts: breakoutsIt, captions: captionsIt, direct: directIt, pages: pagesIt, polls: pollsIt, programme: programmeIt, show: showIt, stands: standsIt, stored: storedIt,
};
