// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// One's own agenda: ids of slots, in this browser and nowhere else. Each participant has their own, and it goes when they
// leave; the public page, which knows nobody, keeps one of its own.

import type { SlotId } from '../../protocol';
import { recallPicks, rememberPicks } from '../memory';

export class Picks {
  readonly #event: string;
  readonly #who: string | null;
  ids = $state.raw<ReadonlySet<SlotId>>(new Set());

  /** `who`: the participant; null: the public page. */
  constructor(event: string, who: string | null) {
    this.#event = event;
    this.#who = who;
    this.ids = new Set(recallPicks(event, who));
  }

  toggle(slot: SlotId): void {
    const ids = new Set(this.ids);
    if (!ids.delete(slot)) ids.add(slot);
    this.ids = ids;
    rememberPicks(this.#event, this.#who, [...ids]);
  }
}
