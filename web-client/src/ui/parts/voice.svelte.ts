// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The announcer of this page: two reactive texts that `LiveRegions.svelte` shows to screen readers.

import { Announcer } from '../../state/announcer';
import { browserWorld } from '../model/browser-world';

let polite = $state('');
let assertive = $state('');

const announcer = new Announcer(browserWorld.clock, (nextPolite, nextAssertive) => {
  polite = nextPolite;
  assertive = nextAssertive;
});

export const voice = {
  get politeText(): string {
    return polite;
  },
  get assertiveText(): string {
    return assertive;
  },
  polite: (sentence: string): void => announcer.polite(sentence),
  takeBack: (sentence: string): void => announcer.takeBack(sentence),
  assertive: (sentence: string): void => announcer.assertive(sentence),
};
