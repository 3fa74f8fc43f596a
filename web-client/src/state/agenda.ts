// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where the programme stands at a moment. Pure.

import type { AgendaSlot } from '../protocol';

export type When = 'now' | 'next' | 'later' | 'over' | 'cancelled';
export interface Item<S extends Timed = AgendaSlot> {
  readonly slot: S;
  readonly when: When;
}
type Timed = Pick<AgendaSlot, 'starts_unix_ms' | 'ends_unix_ms' | 'cancelled'>;

/** Each slot with where it stands; `next` are all that start at the earliest moment still to come. */
export function agendaAt<S extends Timed>(agenda: readonly S[], nowUnixMs: number): Item<S>[] {
  const coming = agenda.filter((slot) => !slot.cancelled && slot.starts_unix_ms > nowUnixMs).map((slot) => slot.starts_unix_ms);
  const first = Math.min(...coming);
  const when = (slot: S): When => {
    if (slot.ends_unix_ms <= nowUnixMs) return 'over';
    if (slot.cancelled) return 'cancelled';
    if (slot.starts_unix_ms <= nowUnixMs) return 'now';
    return slot.starts_unix_ms === first ? 'next' : 'later';
  };
  return agenda.map((slot) => ({ slot, when: when(slot) }));
}

export function nowAndNext<S extends Timed>(agenda: readonly S[], nowUnixMs: number): { now: S[]; next: S[] } {
  const at = agendaAt(agenda, nowUnixMs);
  const those = (when: When): S[] => at.filter((one) => one.when === when).map((one) => one.slot);
  return { now: those('now'), next: those('next') };
}

const OFFERED_FOR_MS = 30 * 60_000;

/** Slots of a room that ended lately and have a poll to ask how it was, the last one first. */
export function endedWithPoll(agenda: readonly AgendaSlot[], room: string | null, nowUnixMs: number): AgendaSlot[] {
  const lately = (slot: AgendaSlot): boolean =>
    slot.ends_unix_ms <= nowUnixMs && slot.ends_unix_ms + OFFERED_FOR_MS > nowUnixMs;
  return agenda
    .filter((slot) => slot.room === room && slot.poll !== undefined && !slot.cancelled && lately(slot))
    .sort((a, b) => b.ends_unix_ms - a.ends_unix_ms);
}
