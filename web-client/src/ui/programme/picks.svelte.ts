// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// One's own agenda: ids of slots, in this browser and nowhere else.

import type { SlotId } from '../../protocol';

const KEY = 'fiera.agenda';

export class Picks {
  readonly #event: string;
  ids = $state.raw<ReadonlySet<SlotId>>(new Set());

  constructor(event: string) {
    this.#event = event;
    try {
      const known: unknown = JSON.parse(localStorage.getItem(`${KEY}.${event}`) ?? '[]');
      if (Array.isArray(known)) this.ids = new Set(known.filter((id): id is SlotId => typeof id === 'string'));
    } catch {
      // Nothing was kept.
    }
  }

  toggle(slot: SlotId): void {
    const ids = new Set(this.ids);
    if (!ids.delete(slot)) ids.add(slot);
    this.ids = ids;
    try {
      localStorage.setItem(`${KEY}.${this.#event}`, JSON.stringify([...ids]));
    } catch {
      // It lasts as long as the page then.
    }
  }
}
