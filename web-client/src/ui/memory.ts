// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the browser keeps for next time: name, language, volume. Works without storage too (private windows).

import type { OwnText } from '../state/own';

type Kept =
  | 'language' | 'name' | 'alias' | 'volume' | 'shortcuts' | 'microphone' | 'camera'
  | 'captions' | 'welcomed' | 'chatSpoken' | 'questionOrder';

export function recall(what: Kept): string | null {
  try {
    return localStorage.getItem(`fiera.${what}`);
  } catch {
    return null;
  }
}

export function remember(what: Kept, value: string): void {
  try {
    localStorage.setItem(`fiera.${what}`, value);
  } catch {
    // Nothing is kept then.
  }
}

const LINE = 'fiera.line';

/**
 * Whether a name shown is the one that was typed at the door. A made-up one, also where the field was left empty, is no place for a
 * line that tells who somebody is.
 */
const ownName = (name: string): boolean => recall('alias') !== 'yes' && recall('name') === name;

/** The line under one's name that was saved last under this name; null: none, or an alias. */
export function recallLine(name: string): string | null {
  try {
    const kept = JSON.parse(localStorage.getItem(LINE) ?? 'null') as { name?: unknown; line?: unknown } | null;
    return kept?.name === name && typeof kept.line === 'string' && ownName(name) ? kept.line : null;
  } catch {
    return null;
  }
}

/** An empty line leaves nothing behind; under an alias nothing is kept and what was kept stays. */
export function rememberLine(name: string, line: string): void {
  if (!ownName(name)) return;
  try {
    if (line) localStorage.setItem(LINE, JSON.stringify({ name, line }));
    else localStorage.removeItem(LINE);
  } catch {
    // Nothing is kept then.
  }
}

/** Marks that this tab is inside an event, with the resume token; survives a reload, not the tab. */
export interface Place {
  event: string;
  name: string;
  resume: string | null;
}

const PLACE = 'fiera.place';
const OWN = 'fiera.own';

/**
 * One's own texts in an event: their secrets, and their words until the server has found them; of thanks, whom they are for.
 * Others who use the same browser have lists of their own.
 */
export function recallOwn(event: string, participant: string): readonly OwnText[] {
  try {
    const all: unknown = JSON.parse(localStorage.getItem(`${OWN}.${event}.${participant}`) ?? '[]');
    return Array.isArray(all) ? (all as OwnText[]) : [];
  } catch {
    return [];
  }
}

/** An empty list leaves nothing behind. */
export function rememberOwn(event: string, participant: string, all: readonly OwnText[]): void {
  try {
    const key = `${OWN}.${event}.${participant}`;
    const kept = all.map((one) => (one.id === null || one.kind === 'thanks' ? one : { ...one, text: '' }));
    if (kept.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(kept));
  } catch {
    // Nothing is kept then.
  }
}

/** What proves what is one's own at stands: secrets of stands by their id, those that wait for theirs, those of messages left. */
export interface OwnStands {
  readonly kept: Readonly<Record<string, string>>;
  readonly opened: readonly string[];
  readonly left: Readonly<Record<string, readonly string[]>>;
}

const STANDS = 'fiera.stands';

export const NO_STANDS: OwnStands = { kept: {}, opened: [], left: {} };

export function recallStands(event: string, participant: string): OwnStands {
  try {
    return { ...NO_STANDS, ...(JSON.parse(localStorage.getItem(`${STANDS}.${event}.${participant}`) ?? '{}') as Partial<OwnStands>) };
  } catch {
    return NO_STANDS;
  }
}

/** An empty record leaves nothing behind. */
export function rememberStands(event: string, participant: string, own: OwnStands): void {
  try {
    const key = `${STANDS}.${event}.${participant}`;
    const empty = own.opened.length === 0 && Object.keys(own.kept).length === 0 && Object.values(own.left).every((one) => one.length === 0);
    if (empty) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(own));
  } catch {
    // Nothing is kept then.
  }
}

const PICKS = 'fiera.agenda';

/** Where picks of the programme are: one's own as a participant, else those of the page that needs none. */
const picksKey = (event: string, participant: string | null): string => `${PICKS}.${event}${participant === null ? '' : `.${participant}`}`;

export function recallPicks(event: string, participant: string | null): readonly string[] {
  try {
    const known: unknown = JSON.parse(localStorage.getItem(picksKey(event, participant)) ?? '[]');
    return Array.isArray(known) ? known.filter((id): id is string => typeof id === 'string') : [];
  } catch {
    return [];
  }
}

/** No picks leave nothing behind. */
export function rememberPicks(event: string, participant: string | null, ids: readonly string[]): void {
  try {
    const key = picksKey(event, participant);
    if (ids.length === 0) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(ids));
  } catch {
    // They last as long as the page then.
  }
}

export function recallPlace(event: string): Place | null {
  try {
    const place = JSON.parse(sessionStorage.getItem(PLACE) ?? 'null') as Place | null;
    return place?.event === event ? place : null;
  } catch {
    return null;
  }
}

export function rememberPlace(place: Place | null): void {
  try {
    if (place) sessionStorage.setItem(PLACE, JSON.stringify(place));
    else sessionStorage.removeItem(PLACE);
  } catch {
    // Nothing is kept then.
  }
}
