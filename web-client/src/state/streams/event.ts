// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The event stream: phase, counts, announcements, whether the server can store. Pure.

import { ANNOUNCEMENTS_SHOWN_MAX, type Change, type EventView } from '../../protocol';
import { firstNot, keepLast, spliced } from './lists';

/** The state after a change; null: the change is of another stream, or of the future. */
export function eventAfter(event: EventView, change: Change): EventView | null {
  switch (change.kind) {
    case 'phase':
      return { ...event, phase: change.phase };
    case 'counts': {
      const counts = new Map(change.rooms.map((count) => [count.room, count]));
      const rooms = event.rooms.map((room) => {
        const count = counts.get(room.room);
        return count ? { ...room, people: count.people, live: count.live } : room;
      });
      return { ...event, people: change.people, rooms };
    }
    case 'announced': {
      const announcements = keepLast([...event.announcements, change.announcement], ANNOUNCEMENTS_SHOWN_MAX);
      return { ...event, announcements };
    }
    case 'announcement_gone':
      return {
        ...event,
        announcements: event.announcements.filter((one) => one.announcement !== change.announcement),
      };
    case 'breakout':
      return { ...event, breakout: change.breakout };
    case 'read_only':
      return { ...event, read_only: change.read_only };
    case 'stand': {
      const at = firstNot(event.stands, (known) => known.order < change.stand.order);
      const replaced = event.stands[at]?.stand === change.stand.stand ? 1 : 0;
      return { ...event, stands: spliced(event.stands, at, replaced, change.stand) };
    }
    case 'stand_gone':
      return { ...event, stands: event.stands.filter((known) => known.stand !== change.stand) };
    case 'stand_counts': {
      const counts = new Map(change.counts.map((count) => [count.stand, count]));
      return { ...event, stands: event.stands.map((known) => ({ ...known, ...counts.get(known.stand) })) };
    }
    default:
      return null;
  }
}
