// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What a `publiccode.yml` (https://yml.publiccode.tools) says of a software, as parts of a practice card. The file comes from
// anywhere: it is bounded, only known texts are read of it, and nothing that it leaves out is made up. Pure.

import { CORE_SCHEMA, load } from 'js-yaml';
import {
  LINK_BYTES_MAX, LINK_CHARS_MAX, PRACTICE_CHARS_MAX, PRACTICE_LINE_CHARS_MAX, STAND_LINE_CHARS_MAX, STAND_LINKS_MAX, STAND_NAME_CHARS_MAX,
  type PracticeCard, type StandLanguage,
} from '../protocol';
import { hostOf, type Draft } from './stands';

/** Characters of a file that is read. */
export const PUBLICCODE_CHARS_MAX = 65_536;
/** Parts not taken over that are told by name, and characters of each name. */
export const LEFT_MAX = 40;
export const LEFT_CHARS_MAX = 60;
/** Mappings and lists within each other. */
const DEPTH_MAX = 20;

/** Why a file says nothing: too long, no YAML, or YAML that is no `publiccode.yml`. */
export type PubliccodeFault = 'long' | 'yaml' | 'publiccode';

/**
 * What was found, each part within the limits of a stand; `shortened`: some of it was longer; `left`: what the file says
 * besides, or in a form that is not read, by its keys. `reachable` is the contact with e-mail and telephone, which may be a person's own: `card` is
 * without them, and it is empty where there are none.
 */
export interface Publiccode {
  readonly name: string;
  readonly line: string;
  readonly card: Pick<PracticeCard, 'problem' | 'context' | 'tool' | 'contact' | 'licence'>;
  readonly links: readonly LinkFound[];
  readonly shortened: boolean;
  readonly left: readonly string[];
  readonly reachable: string;
}

/** What an address of the file leads to. */
export type LinkTo = 'code' | 'site' | 'documentation';
/** An address, and the key that it stands at. */
export interface LinkFound {
  readonly title: LinkTo;
  readonly key: string;
  readonly url: string;
}

/** Keys at the top that are read, or looked into. */
const LOOKED_AT = new Set(['publiccodeYmlVersion', 'name', 'url', 'landingURL', 'softwareVersion', 'legal', 'maintenance', 'description']);

type Mapping = Record<string, unknown>;

const isMapping = (value: unknown): value is Mapping => typeof value === 'object' && value !== null && !Array.isArray(value);
const own = (of: unknown, key: string): unknown => (isMapping(of) && Object.hasOwn(of, key) ? of[key] : undefined);
// eslint-disable-next-line no-control-regex -- what no text of a stand may hold
const UNSEEN = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text of the file; numbers and dates are written as they stand. */
function text(of: unknown, ...keys: string[]): string {
  const value = keys.reduce(own, of);
  const plain = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return plain.replace(/\r\n?/g, '\n').replace(UNSEEN, ' ').trim();
}

/** Whether something stands where a text belongs, or what `fits` says, and is nothing of the kind. */
const isOdd = (of: unknown, fits: (of: unknown) => boolean = (one) => typeof one === 'string' || typeof one === 'number'): boolean =>
  of !== undefined && of !== null && !fits(of);

const oneLine = (of: string): string => of.replace(/\s+/g, ' ').trim();

/** Reads a file as somebody pasted it; where it is in several languages, in `language` first. */
export function publiccode(file: string, language: StandLanguage): Publiccode | { fault: PubliccodeFault } {
  if (file.length > PUBLICCODE_CHARS_MAX) return { fault: 'long' };
  let root: unknown;
  try {
    root = load(file, { schema: CORE_SCHEMA, maxDepth: DEPTH_MAX, maxAliases: 0 });
  } catch {
    return { fault: 'yaml' };
  }
  const name = oneLine(text(root, 'name'));
  if (!isMapping(root) || text(root, 'publiccodeYmlVersion') === '' || name === '') return { fault: 'publiccode' };

  let shortened = false;
  const cut = (of: string, max: number): string => {
    const letters = [...of];
    if (letters.length <= max) return of;
    shortened = true;
    return `${letters.slice(0, max - 1).join('').trimEnd()}…`;
  };
  const described = own(root, 'description');
  const languages = isMapping(described) ? Object.keys(described) : [];
  const chosen = [language, 'it', 'en', ...languages].find((one) => isMapping(own(described, one)) && Object.hasOwn(described as Mapping, one));
  const inWords = chosen === undefined ? undefined : own(described, chosen);
  const short = oneLine(text(inWords, 'shortDescription'));
  const contacts = own(own(root, 'maintenance'), 'contacts');
  const contact: unknown = Array.isArray(contacts) ? contacts[0] : undefined;
  const contactLine = (...keys: string[]): string => cut(oneLine(keys.map((key) => text(contact, key)).filter(Boolean).join(', ')), PRACTICE_LINE_CHARS_MAX);
  const software = [name, oneLine(text(root, 'softwareVersion'))].filter(Boolean).join(' ');
  const parts = {
    problem: cut(short, PRACTICE_CHARS_MAX),
    context: cut(text(inWords, 'longDescription'), PRACTICE_CHARS_MAX),
    tool: cut(software, PRACTICE_LINE_CHARS_MAX),
    contact: contactLine('name', 'affiliation'),
    licence: cut(oneLine(text(root, 'legal', 'license')), PRACTICE_LINE_CHARS_MAX),
  };
  const led = [
    { title: 'code', key: 'url', url: text(root, 'url') },
    { title: 'site', key: 'landingURL', url: text(root, 'landingURL') },
    { title: 'documentation', key: `description.${chosen}.documentation`, url: text(inWords, 'documentation') },
  ] as const;
  const follows = ({ url }: { url: string }): boolean =>
    url.startsWith('https://') && url.length <= LINK_BYTES_MAX && /^[\x21-\x5b\x5d-\x7e]+$/.test(url) && (hostOf(url)?.includes('.') ?? false);
  /** Keys of a mapping but those that are read of it, with where they stand. */
  const others = (at: string, of: unknown, ...taken: (string | undefined)[]): string[] =>
    isMapping(of) ? Object.keys(of).filter((key) => !taken.includes(key)).map((key) => `${at}.${key}`) : [];
  /** What is looked into and has another form than the standard gives it. */
  const texts = (at: string, of: unknown, ...keys: string[]): string[] => keys.filter((key) => isOdd(own(of, key))).map((key) => at + key);
  const odd = [
    ...texts('', root, 'url', 'landingURL', 'softwareVersion'),
    ...['legal', 'maintenance', 'description'].filter((key) => isOdd(own(root, key), isMapping)),
    ...texts('legal.', own(root, 'legal'), 'license'),
    ...(isOdd(contacts, Array.isArray) ? ['maintenance.contacts'] : []),
    ...(isOdd(contact, isMapping) ? ['maintenance.contacts[0]'] : []),
    ...texts('maintenance.contacts[0].', contact, 'name', 'affiliation', 'email', 'phone'),
    ...texts(`description.${chosen}.`, inWords, 'shortDescription', 'longDescription', 'documentation'),
  ];
  const left = [
    ...odd,
    ...Object.keys(root).filter((key) => !LOOKED_AT.has(key)),
    ...others('legal', own(root, 'legal'), 'license'),
    ...others('maintenance', own(root, 'maintenance'), 'contacts'),
    ...others('maintenance.contacts[0]', contact, 'name', 'affiliation', 'email', 'phone'),
    ...(Array.isArray(contacts) ? contacts.slice(1).map((_, n) => `maintenance.contacts[${n + 1}]`) : []),
    ...others('description', described, chosen),
    ...others(`description.${chosen}`, inWords, 'shortDescription', 'longDescription', 'documentation'),
    ...led.filter((link) => link.url !== '' && !follows(link)).map(({ key }) => key),
  ].map((key) => [...oneLine(key.replace(UNSEEN, ' '))].slice(0, LEFT_CHARS_MAX).join(''));
  const reaches = ['email', 'phone'].some((key) => text(contact, key) !== '');
  return {
    name: cut(name, STAND_NAME_CHARS_MAX),
    line: cut(short, STAND_LINE_CHARS_MAX),
    card: Object.fromEntries(Object.entries(parts).filter(([, of]) => of !== '')),
    links: led.filter(follows),
    reachable: reaches ? contactLine('name', 'affiliation', 'email', 'phone') : '',
    left: left.length > LEFT_MAX ? [...left.slice(0, LEFT_MAX), '…'] : left,
    shortened,
  };
}

/** Of the addresses that were found and are not there yet, those for which the stand has places, and those for which it has none. */
export function places(draft: Draft, found: Pick<Publiccode, 'links'>): { fit: readonly LinkFound[]; beyond: readonly LinkFound[] } {
  const known = new Set(draft.links.map(({ url }) => url.trim()));
  const fresh = found.links.filter(({ url }) => !known.has(url));
  const free = Math.max(0, STAND_LINKS_MAX - written(draft).length);
  return { fit: fresh.slice(0, free), beyond: fresh.slice(free) };
}

const written = (draft: Draft): Draft['links'] => draft.links.filter(({ title, url }) => title.trim() !== '' || url.trim() !== '');

/** A draft with what was found: name and line where there are none yet, parts of the card, and links that are not there yet. */
export function filled(draft: Draft, found: Publiccode, titles: Readonly<Record<LinkTo, string>>): Draft {
  const added = places(draft, found).fit.map(({ title, url }) => ({ title: [...titles[title]].slice(0, LINK_CHARS_MAX).join(''), url }));
  return {
    ...draft,
    name: draft.name.trim() === '' ? found.name : draft.name,
    line: draft.line.trim() === '' ? found.line : draft.line,
    card: { ...draft.card, ...found.card },
    links: [...written(draft), ...added],
  };
}
