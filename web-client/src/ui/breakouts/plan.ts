// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// From what an organiser fills in to a plan that the server takes. Pure.

import {
  REHEARSAL_BOTS_MAX, ROOM_TITLE_CHARS_MAX, ROUND_CAPACITY_MAX, ROUND_ROOMS_MAX, TOPIC_CHARS_MAX, type PlannedRoom, type RoundView,
} from '../../protocol';

/** Rooms for so many people, of so many each. */
export function roomsFor(people: number, each: number): number {
  return Math.min(ROUND_ROOMS_MAX, Math.max(1, Math.ceil(people / Math.max(1, each))));
}

/** Places per room: everybody fits, and some who come later. */
export function placesFor(people: number, rooms: number): number {
  const even = Math.ceil(people / Math.max(1, rooms));
  return Math.min(ROUND_CAPACITY_MAX, Math.max(2, even + Math.max(2, Math.ceil(even / 4))));
}

/** Bots to begin a dry run with: as many as have seats already, else as many as leave some places free. */
export function botsFor(round: RoundView): number {
  const seated = round.rooms.reduce((sum, room) => sum + room.seated.length, 0);
  return Math.min(REHEARSAL_BOTS_MAX, Math.max(seated, round.mode === 'assigned' ? 1 : Math.ceil(placesOf(round) * 0.8)));
}

/** People that all rooms hold. */
export const placesOf = (round: RoundView): number => round.rooms.length * round.capacity;

/** One room per line; what follows a colon is its topic. Rooms without a line get a name of their own. */
export function plannedRooms(count: number, lines: string, name: (n: number) => string): PlannedRoom[] {
  const named = lines.split('\n').map((line) => line.trim()).filter((line) => line !== '');
  return Array.from({ length: count }, (_, i) => {
    const [title = '', ...rest] = (named[i] ?? name(i + 1)).split(':');
    const topic = rest.join(':').trim().slice(0, TOPIC_CHARS_MAX);
    return { title: title.trim().slice(0, ROOM_TITLE_CHARS_MAX) || name(i + 1), ...(topic ? { topic } : {}) };
  });
}
