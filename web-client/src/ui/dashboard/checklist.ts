// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What should be in place before an event starts, as far as the server knows it. Pure.

import type { EventView } from '../../protocol';

export type Check = 'rooms' | 'agenda' | 'languages' | 'tested' | 'doors' | 'notice';

/** `everOnAir`: somebody was on air since this page is open. The notice is made by the server and always there. */
export function checklist(event: EventView, everOnAir: boolean): { check: Check; done: boolean }[] {
  return [
    { check: 'rooms', done: event.rooms.some((room) => room.room_kind === 'stage') },
    { check: 'agenda', done: event.agenda.length > 0 },
    { check: 'languages', done: Boolean(event.titles.it && event.titles.en) },
    { check: 'tested', done: everOnAir || event.rooms.some((room) => room.live) },
    { check: 'doors', done: event.phase !== 'draft' },
    { check: 'notice', done: true },
  ];
}
