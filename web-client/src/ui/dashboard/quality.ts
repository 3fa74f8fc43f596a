// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What is said of how well a room is served, and why nothing is where nothing is. Pure.

import { SUPPRESSED_BELOW, type Quality, type RoomNumbers } from '../../protocol';

/** `nobody`: nobody is on air; `few`: too few people to say anything; `unknown`: not measured yet. */
export type Said = Quality | 'nobody' | 'few' | 'unknown';

export function saidOf(room: RoomNumbers): Said {
  if (room.quality !== null) return room.quality;
  if (room.on_air === 0) return 'nobody';
  return room.people < SUPPRESSED_BELOW ? 'few' : 'unknown';
}
