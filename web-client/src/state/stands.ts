// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Stands as lists and cards: what is found by which words, what is open when, what a form makes of it. Pure.

import {
  STAND_HOURS_MAX, STAND_LINKS_MAX, STAND_TAGS_MAX, type OpenHours, type PracticeCard, type StandContent, type StandLanguage,
  type StandSummary,
} from '../protocol';

/** The parts of a card, in the order in which they are read; `line`: they have no line feeds. */
export const CARD_PARTS = [
  { part: 'problem', line: false },
  { part: 'context', line: false },
  { part: 'method', line: false },
  { part: 'tool', line: true },
  { part: 'results', line: false },
  { part: 'contact', line: true },
  { part: 'licence', line: true },
] as const satisfies readonly { part: keyof PracticeCard; line: boolean }[];

/** A stand in the export that anybody inside may read. */
export type ExportedStand = StandContent & { by: string | null; reuse: number; adopters: string[] };

/** Words without capitals and accents: "Città" is found by "citta". */
export function folded(text: string): string {
  return text.normalize('NFD').replace(/\p{Diacritic}/gu, '').toLowerCase();
}

/** All that a stand can be found by. */
export function haystack(stand: Partial<ExportedStand>): string {
  const { name = '', line = '', tags = [], links = [], card = {}, by, adopters = [] } = stand;
  const words = [name, line, ...tags, ...links.flatMap(({ title, url }) => [title, url]), ...Object.values(card), by ?? '', ...adopters];
  return folded(words.join('\n'));
}

/** The stands with every word of the search and the tag, if one is chosen. The cards are searched too, where they are known. */
export function found(
  stands: readonly StandSummary[], search: string, tag: string | null, cards: readonly ExportedStand[] | null,
): StandSummary[] {
  const words = folded(search).split(/\s+/).filter(Boolean);
  const wanted = tag === null ? null : folded(tag);
  const byName = new Map((cards ?? []).map((card) => [`${card.name}\n${card.line}`, card]));
  return stands.filter((stand) => {
    if (wanted !== null && !stand.tags.some((one) => folded(one) === wanted)) return false;
    const card = byName.get(`${stand.name}\n${stand.line}`);
    const hay = haystack(card ?? { name: stand.name, line: stand.line, tags: stand.tags, by: stand.by });
    return words.every((word) => hay.includes(word));
  });
}

/** Tags by how many stands have them, then by alphabet. */
export function tagsOf(stands: readonly StandSummary[]): string[] {
  const counts = new Map<string, { tag: string; count: number }>();
  for (const tag of stands.flatMap((stand) => stand.tags)) {
    const known = counts.get(folded(tag));
    if (known) known.count += 1;
    else counts.set(folded(tag), { tag, count: 1 });
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.tag.localeCompare(b.tag)).map(({ tag }) => tag);
}

export type Attended = { at: 'always' } | { at: 'now'; until: number } | { at: 'later'; from: number } | { at: 'over' };

/** Whether somebody is there at a time. */
export function attended(hours: readonly OpenHours[], nowMs: number): Attended {
  if (hours.length === 0) return { at: 'always' };
  const now = hours.find((one) => one.from_unix_ms <= nowMs && nowMs < one.to_unix_ms);
  if (now) return { at: 'now', until: now.to_unix_ms };
  const next = hours.find((one) => one.from_unix_ms > nowMs);
  return next ? { at: 'later', from: next.from_unix_ms } : { at: 'over' };
}

/** The host of a link, as it is shown beside it; null: it is none that may be followed. */
export function hostOf(url: string): string | null {
  try {
    const { protocol, host, username, password } = new URL(url);
    return protocol === 'https:' && username === '' && password === '' ? host : null;
  } catch {
    return null;
  }
}

/** A stand as a form holds it: every field a text. */
export interface Draft {
  name: string;
  line: string;
  language: StandLanguage;
  /** Separated by commas. */
  tags: string;
  links: { title: string; url: string }[];
  /** As `datetime-local` has it, in the time zone of the reader. */
  hours: { from: string; to: string }[];
  card: Record<keyof PracticeCard, string>;
}

const EMPTY_CARD: Draft['card'] = { problem: '', context: '', method: '', tool: '', results: '', contact: '', licence: '' };

export function emptyDraft(language: StandLanguage): Draft {
  return { name: '', line: '', language, tags: '', links: [], hours: [], card: { ...EMPTY_CARD } };
}

/** A time as `datetime-local` has it. */
export function localTime(unixMs: number): string {
  const date = new Date(unixMs);
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function draftOf(content: StandContent): Draft {
  return {
    name: content.name,
    line: content.line,
    language: content.language,
    tags: (content.tags ?? []).join(', '),
    links: (content.links ?? []).map(({ title, url }) => ({ title, url })),
    hours: (content.hours ?? []).map((one) => ({ from: localTime(one.from_unix_ms), to: localTime(one.to_unix_ms) })),
    card: { ...EMPTY_CARD, ...content.card },
  };
}

export type DraftFault = 'name' | 'line' | 'tags' | 'links' | 'hours';

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** What is sent of a draft, or what to correct first. */
export function contentOf(draft: Draft): { content: StandContent } | { fault: DraftFault } {
  const [name, line] = [oneLine(draft.name), oneLine(draft.line)];
  if (name === '') return { fault: 'name' };
  if (line === '') return { fault: 'line' };
  const tags = [...new Map(draft.tags.split(',').map(oneLine).filter(Boolean).map((tag) => [tag.toLowerCase(), tag])).values()];
  if (tags.length > STAND_TAGS_MAX) return { fault: 'tags' };
  const links = draft.links
    .map(({ title, url }) => ({ title: oneLine(title), url: url.trim() }))
    .filter(({ title, url }) => title !== '' || url !== '')
    .map(({ title, url }) => ({ title: title || (hostOf(url) ?? ''), url }));
  if (links.length > STAND_LINKS_MAX || links.some(({ url }) => hostOf(url) === null)) return { fault: 'links' };
  const hours = draft.hours
    .filter(({ from, to }) => from !== '' || to !== '')
    .map(({ from, to }) => ({ from_unix_ms: new Date(from).getTime(), to_unix_ms: new Date(to).getTime() }))
    .sort((a, b) => a.from_unix_ms - b.from_unix_ms);
  const apart = hours.every((one, i) => one.from_unix_ms < one.to_unix_ms && (hours[i - 1]?.to_unix_ms ?? 0) <= one.from_unix_ms);
  if (hours.length > STAND_HOURS_MAX || !apart) return { fault: 'hours' };
  const card: PracticeCard = {};
  for (const { part, line: single } of CARD_PARTS) {
    const text = single ? oneLine(draft.card[part]) : draft.card[part].replace(/\r\n?/g, '\n').trim();
    if (text !== '') card[part] = text;
  }
  return {
    content: {
      name, line, language: draft.language,
      ...(tags.length > 0 ? { tags } : {}),
      ...(links.length > 0 ? { links } : {}),
      ...(hours.length > 0 ? { hours } : {}),
      ...(Object.keys(card).length > 0 ? { card } : {}),
    },
  };
}
