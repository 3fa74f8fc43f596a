// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { onDestroy } from 'svelte';

/** Tells whether the form that is being set up is still in the page: an answer may come after somebody closed it. */
export function whileHere(): () => boolean {
  let here = true;
  onDestroy(() => (here = false));
  return () => here;
}
