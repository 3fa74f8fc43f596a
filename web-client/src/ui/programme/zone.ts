// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Times in the reader's zone, and in that of the event where it is another one. Pure but for the browser's zone.

export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** The zone of the event where it is known here and its clock shows something else at that moment; else null. */
export function otherZone(own: string, event: string | null | undefined, atUnixMs: number): string | null {
  if (!event || event === own) return null;
  try {
    return clockOf(own).format(atUnixMs) === clockOf(event).format(atUnixMs) ? null : event;
  } catch {
    // A name that this browser does not know says nothing to the reader either.
    return null;
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** Made once for each zone: it costs more than a list of slots can pay each time. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone) ?? new Intl.DateTimeFormat('en', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  clocks.set(timeZone, known);
  return known;
}

/** A moment as `<input type="datetime-local">` has it, in the reader's zone. */
export function toField(unixMs: number): string {
  const at = new Date(unixMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Milliseconds since 1970; null: nothing that is a time. */
export function fromField(text: string): number | null {
  const at = new Date(text).getTime();
  return Number.isNaN(at) ? null : at;
}
