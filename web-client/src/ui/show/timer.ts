// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What a speaker's timer says at a moment. Pure.

import type { SpeakerTimer } from '../../protocol';

export type Verdict = 'green' | 'amber' | 'red' | 'over';

/** How the time stands, and minutes and seconds that are left or over. */
export function reading(timer: SpeakerTimer, nowMs: number): { verdict: Verdict; time: string } {
  const leftS = Math.ceil((timer.ends_unix_ms - nowMs) / 1_000);
  const verdict = leftS <= 0 ? 'over' : leftS <= timer.red_s ? 'red' : leftS <= timer.amber_s ? 'amber' : 'green';
  const s = Math.abs(leftS);
  return { verdict, time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}` };
}
