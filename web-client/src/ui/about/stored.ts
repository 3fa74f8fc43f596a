// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the server says it keeps, from its running configuration. Shapes, and asking.

import type { Localised, Role } from '../../protocol';
import { ask, type Answer } from '../door/api';

/** Where a thing is: gone with the process, on the server's disk, in this browser. */
export type Where = 'memory' | 'disk' | 'browser';

export interface StoredItem {
  /** Stable name of the thing: `presence`, `name`, `hand`, `question`, `upvote`, `vote`, ... */
  readonly what: string;
  readonly where: Where;
  /** Stable name of the end: `place_grace`, `poll_closes`, `event_ends`, `erased`, `kept`, ... */
  readonly until: string;
  /** So many milliseconds, where the end is one of time. */
  readonly until_ms?: number;
  readonly seen_by: 'nobody' | 'you' | 'moderators' | 'organisers' | 'keepers' | 'everybody';
  /** Whether it can be led back to a person, and to whom: `nobody`, `name` (as shown), `participant` (a random id). */
  readonly leads_to: 'nobody' | 'name' | 'participant';
  /** Words for things that this page has none for. */
  readonly words?: Localised;
}

export interface Stored {
  readonly event: string;
  readonly items: readonly StoredItem[];
  /** What is held about who asks; null: nobody is known by this browser. */
  readonly you: {
    readonly name: string;
    readonly role: Role;
    readonly connections: number;
    readonly room?: string | null;
    readonly hand: boolean;
    readonly silenced: boolean;
    /** A ballot of theirs lies in an open poll. */
    readonly has_open_ballot: boolean;
    readonly has_upvotes: boolean;
    readonly keeps_stand?: boolean;
    readonly has_reuses?: boolean;
    /** Absent from a server of an earlier version. */
    readonly has_idea_votes?: boolean;
    readonly has_title?: boolean;
    /** How many thanks there are for them. */
    readonly thanks?: number;
  } | null;
}

export function getStored(event: string): Promise<Answer<Stored>> {
  return ask<Stored>(`/api/v1/events/${encodeURIComponent(event)}/stored`);
}
