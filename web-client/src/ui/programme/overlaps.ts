// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which slots of the programme take place in one room at the same time. Nothing forbids it; organisers are told. Pure.

import type { AgendaSlot } from '../../protocol';

/** What a slot occupies: its room, from its start until its end. */
export type Occupies = Pick<AgendaSlot, 'room' | 'starts_unix_ms' | 'ends_unix_ms'> & Partial<Pick<AgendaSlot, 'slot' | 'cancelled'>>;

/** Another slot, and what the two share. */
export interface Overlap {
  readonly slot: AgendaSlot;
  readonly from_unix_ms: number;
  readonly until_unix_ms: number;
  readonly minutes: number;
}

/** The others that `of` overlaps, in the order of the programme. What is cancelled, or ends before it starts, occupies nothing. */
export function overlapsOf(of: Occupies, agenda: readonly AgendaSlot[]): Overlap[] {
  if (of.cancelled || of.ends_unix_ms <= of.starts_unix_ms) return [];
  return agenda.flatMap((slot) => {
    if (slot.slot === of.slot || slot.room !== of.room || slot.cancelled) return [];
    const from_unix_ms = Math.max(of.starts_unix_ms, slot.starts_unix_ms);
    const until_unix_ms = Math.min(of.ends_unix_ms, slot.ends_unix_ms);
    const minutes = Math.ceil((until_unix_ms - from_unix_ms) / 60_000);
    return minutes > 0 ? [{ slot, from_unix_ms, until_unix_ms, minutes }] : [];
  });
}
