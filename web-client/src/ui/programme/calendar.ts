// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A calendar of one's own picks, made here out of that of the whole event: the server never learns what was picked.

import type { SlotId } from '../../protocol';

/** The calendar with those events alone whose UID is among `ids` (RFC 5545). */
export function picksOf(calendar: string, ids: ReadonlySet<SlotId>): string {
  return calendar.replace(/BEGIN:VEVENT\r\n[^]*?END:VEVENT\r\n/g, (event) => {
    const uid = /^UID:(.+)$/m.exec(event.replaceAll('\r\n ', ''))?.[1]?.trim();
    // The slot's id, then what tells this server from others.
    return uid !== undefined && ids.has(uid.split('@')[0] ?? '') ? event : '';
  });
}

export function calendarAddress(event: string, lang: string, slot?: SlotId): string {
  const query = new URLSearchParams({ lang, ...(slot ? { slot } : {}) });
  return `/api/v1/events/${encodeURIComponent(event)}/agenda.ics?${query}`;
}

/** Fetches the whole and saves one's own picks of it; false: it did not come. */
export async function savePicks(event: string, lang: string, ids: ReadonlySet<SlotId>): Promise<boolean> {
  try {
    const response = await fetch(calendarAddress(event, lang), { credentials: 'omit' });
    if (!response.ok) return false;
    const file = new Blob([picksOf(await response.text(), ids)], { type: 'text/calendar' });
    const link = document.createElement('a');
    link.href = URL.createObjectURL(file);
    link.download = `${event}-mine.ics`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
    return true;
  } catch {
    return false;
  }
}
