// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Names of the people in the room, page by page as the server hands them out. Pure.

import type { ParticipantId, Publisher } from '../protocol';

export interface Roster {
  readonly people: readonly Publisher[];
  readonly more: boolean;
  /** A page was asked for and has not come. */
  readonly loading: boolean;
}

export const NO_ROSTER: Roster = { people: [], more: false, loading: false };

/** Where the next page starts; undefined for the first. */
export function nextAfter(roster: Roster): ParticipantId | undefined {
  return roster.people.at(-1)?.participant;
}

export function withPage(roster: Roster, page: { people: readonly Publisher[]; more: boolean }): Roster {
  const known = new Set(roster.people.map((one) => one.participant));
  const added = page.people.filter((one) => !known.has(one.participant));
  return { people: [...roster.people, ...added], more: page.more, loading: false };
}
