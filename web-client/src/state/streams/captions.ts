// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The stream of captions, and what one reader sees of it. Pure.

import { CAPTIONS_SHOWN_MAX, type CaptionLine, type CaptionsView, type Change } from '../../protocol';
import { firstNot, spliced } from './lists';

/** The state after a change; null: the change is of another stream, or of the future. */
export function captionsAfter(captions: CaptionsView, change: Change): CaptionsView | null {
  switch (change.kind) {
    case 'caption':
      return { ...captions, lines: withLine(captions.lines, change.line) };
    case 'caption_gone':
      return { ...captions, lines: captions.lines.filter((known) => known.caption !== change.caption) };
    default:
      return null;
  }
}

/** As `put_caption` of the protocol: a final line goes behind the last final one. */
function withLine(lines: readonly CaptionLine[], line: CaptionLine): CaptionLine[] {
  const is = (known: CaptionLine): boolean => known.caption === line.caption;
  if (!line.final) return lines.some(is) ? lines.map((known) => (is(known) ? line : known)) : [...lines, line];
  const others = lines.filter((known) => !is(known));
  const next = spliced(others, firstNot(others, (known) => known.final), 0, line);
  const same = (known: CaptionLine): boolean => known.final && known.lang === line.lang;
  if (next.filter(same).length <= CAPTIONS_SHOWN_MAX) return next;
  const oldest = next.findIndex(same);
  return next.filter((_, at) => at !== oldest);
}

/** The languages there are, in the order of their first line. */
export function languagesOf(captions: CaptionsView | null): string[] {
  return [...new Set((captions?.lines ?? []).map((line) => line.lang))];
}

/** The language to read: the one chosen, else that of the page, else the first; null: there are no captions. */
export function languageFor(there: readonly string[], chosen: string | null, page: string): string | null {
  const primary = (tag: string): string => tag.split('-')[0] ?? tag;
  const exact = there.find((tag) => tag === chosen);
  return exact ?? there.find((tag) => primary(tag) === page) ?? there[0] ?? null;
}

/** A language in its own words, as browsers know it. */
export function nameOf(tag: string): string {
  try {
    return new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
