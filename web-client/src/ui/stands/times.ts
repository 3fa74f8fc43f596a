// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// How the opening times of stands are written, in the language and the time zone of the reader.

import { language } from '../../text/language.svelte';

export interface Times {
  time(unixMs: number): string;
  day(unixMs: number): string;
  range(fromMs: number, toMs: number): string;
}

/** Read it inside `$derived`: it follows the language. */
export function times(): Times {
  const { locale } = language;
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
  const day = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
  return {
    time: (unixMs) => time.format(unixMs),
    day: (unixMs) => day.format(unixMs),
    range: (fromMs, toMs) => day.formatRange(fromMs, toMs),
  };
}
