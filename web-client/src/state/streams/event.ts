// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The event stream: phase, counts, announcements, whether the server can store. Pure.

import { ANNOUNCEMENTS_SHOWN_MAX, THANKS_SHOWN_MAX, type AgendaSlot, type Change, type EventView } from '../../protocol';
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
    case 'breakout_places':
      return { ...event, breakout: event.breakout && { ...event.breakout, free: change.free } };
    case 'slot': {
      const others = event.agenda.filter((one) => one.slot !== change.slot.slot);
      return { ...event, agenda: [...others, change.slot].sort(bySlotOrder) };
    }
    case 'slot_gone':
      return { ...event, agenda: event.agenda.filter((one) => one.slot !== change.slot) };
    case 'idea': {
      const others = event.ideas.filter((one) => one.idea !== change.idea.idea);
      return { ...event, ideas: [...others, change.idea].sort((a, b) => a.order - b.order) };
    }
    case 'idea_gone':
      return { ...event, ideas: event.ideas.filter((one) => one.idea !== change.idea) };
    case 'idea_votes': {
      const votes = new Map(change.votes.map((one) => [one.idea, one.votes]));
      return { ...event, ideas: event.ideas.map((one) => ({ ...one, votes: votes.get(one.idea) ?? one.votes })) };
    }
    case 'ideas_closed':
      return { ...event, ideas_closed: change.closed };
    case 'thanks': {
      const others = event.thanks.filter((one) => one.thanks !== change.thanks.thanks);
      return { ...event, thanks: keepLast([...others, change.thanks], THANKS_SHOWN_MAX) };
    }
    case 'thanks_gone':
      return { ...event, thanks: event.thanks.filter((one) => one.thanks !== change.thanks) };
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

/** By start, end, id; ids compare alike as text and as numbers. */
function bySlotOrder(a: AgendaSlot, b: AgendaSlot): number {
  const byTime = a.starts_unix_ms - b.starts_unix_ms || a.ends_unix_ms - b.ends_unix_ms;
  return byTime || (a.slot < b.slot ? -1 : 1);
}
