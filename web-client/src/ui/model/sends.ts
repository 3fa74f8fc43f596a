// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Whether somebody behind or on the stage sends anything from this page, or is about to, and what else of them is on air. Pure.

import type { YouView } from '../../protocol';
import type { SpeakerModel } from './shape';

export function sendsFrom(place: YouView['place'], { entering, devices, up }: Pick<SpeakerModel, 'entering' | 'devices' | 'up'>): boolean {
  return place !== 'audience' && (entering || (devices === 'open' && up !== 'idle'));
}

/**
 * On air, but not from this page: `unseen` where nothing of them is switched on, so that nobody sees or hears them; `elsewhere`
 * where something is. That may flow from another tab, a telephone or a program, or not at all, as after a reload: place and
 * sources belong to the person, and what is switched on stays so.
 */
export function onAirWithout(you: Pick<YouView, 'place' | 'sources'>, speaker: Parameters<typeof sendsFrom>[1]): 'unseen' | 'elsewhere' | null {
  if (you.place !== 'on_air' || sendsFrom(you.place, speaker)) return null;
  return you.sources.length === 0 ? 'unseen' : 'elsewhere';
}
