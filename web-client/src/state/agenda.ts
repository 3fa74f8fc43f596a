// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where the programme stands at a moment. Pure.

import type { AgendaSlot } from '../protocol';

export type When = 'now' | 'next' | 'later' | 'over';
export interface Item {
  readonly slot: AgendaSlot;
  readonly when: When;
}

/** Each slot with where it stands; `next` are all that start at the earliest moment still to come. */
export function agendaAt(agenda: readonly AgendaSlot[], nowUnixMs: number): Item[] {
  const coming = agenda.filter((slot) => slot.starts_unix_ms > nowUnixMs).map((slot) => slot.starts_unix_ms);
  const first = Math.min(...coming);
  const when = (slot: AgendaSlot): When => {
    if (slot.ends_unix_ms <= nowUnixMs) return 'over';
    if (slot.starts_unix_ms <= nowUnixMs) return 'now';
    return slot.starts_unix_ms === first ? 'next' : 'later';
  };
  return agenda.map((slot) => ({ slot, when: when(slot) }));
}
