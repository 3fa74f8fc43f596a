// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A clock that a component reads: the server's time as this page knows it, twice a second.

import { onMount } from 'svelte';

const TICK_MS = 500;

/** Seconds until a moment of the server's clock, at least 0. */
export function ticking(serverNow: () => number): { secondsUntil: (unixMs: number) => number } {
  let now = $state(serverNow());
  onMount(() => {
    const timer = setInterval(() => (now = serverNow()), TICK_MS);
    return () => clearInterval(timer);
  });
  return { secondsUntil: (unixMs) => Math.max(0, Math.ceil((unixMs - now) / 1_000)) };
}
