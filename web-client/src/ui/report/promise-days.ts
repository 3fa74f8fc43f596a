// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Days as the server counts them (since 1970) and as a date field writes them. Pure.

const DAY_MS = 86_400_000;

/** What a date field shows; empty: no date. */
export function fieldOf(day: number | undefined): string {
  return day === undefined ? '' : new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** The day of a date field; null: none. */
export function dayOf(field: string): number | null {
  const day = Date.parse(field) / DAY_MS;
  return Number.isInteger(day) ? day : null;
}

/** The day in words. */
export function dayText(day: number, locale: string): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' }).format(day * DAY_MS);
}
