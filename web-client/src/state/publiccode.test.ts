// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { describe, expect, it } from 'vitest';
import own from '../../../publiccode.yml?raw';
import { LINK_BYTES_MAX, PRACTICE_CHARS_MAX, PRACTICE_LINE_CHARS_MAX, STAND_LINE_CHARS_MAX, STAND_NAME_CHARS_MAX } from '../protocol';
import { seeded } from '../testing/world';
import { LEFT_CHARS_MAX, LEFT_MAX, PUBLICCODE_CHARS_MAX, filled, places, publiccode, type Publiccode } from './publiccode';
import { contentOf, emptyDraft } from './stands';

const titles = { code: 'Code', site: 'Website', documentation: 'Guide' };
const read = (file: string, language: 'it' | 'en' = 'en'): Publiccode => {
  const found = publiccode(file, language);
  if ('fault' in found) throw new Error(found.fault);
  return found;
};

const file = `
publiccodeYmlVersion: "0.4"
name: Sportello
url: https://code.example.org/sportello.git
landingURL: http://example.org
softwareVersion: 2.1
legal: { license: EUPL-1.2 }
maintenance:
  type: internal
  contacts:
    - { name: Lia Conti, email: lia@example.org }
    - name: Second
description:
  it:
    shortDescription: Prenotazioni senza coda
    longDescription: |
      Un modulo alla volta.
      Poi gli altri.
    documentation: https://docs.example.org/
  en: { shortDescription: Bookings without a queue }
`;

describe('a publiccode.yml', () => {
  it('gives what a card has, in the language of the stand', () => {
    expect(read(file, 'it')).toEqual({
      name: 'Sportello', line: 'Prenotazioni senza coda',
      card: {
        problem: 'Prenotazioni senza coda', context: 'Un modulo alla volta.\nPoi gli altri.', tool: 'Sportello 2.1',
        contact: 'Lia Conti', licence: 'EUPL-1.2',
      },
      links: [
        { title: 'code', key: 'url', url: 'https://code.example.org/sportello.git' },
        { title: 'documentation', key: 'description.it.documentation', url: 'https://docs.example.org/' },
      ],
      shortened: false, reachable: 'Lia Conti, lia@example.org',
      left: ['maintenance.type', 'maintenance.contacts[1]', 'description.en', 'landingURL'],
    });
    expect(read(file, 'en').card).toMatchObject({ problem: 'Bookings without a queue' });
    expect(read(own).card.licence).toBe('AGPL-3.0-or-later');
    expect(read(own).shortened).toBe(true);
  });

  it('tells by name what it has besides, and keeps addresses of a contact apart', () => {
    const { left, reachable, card } = read(own);
    expect(left).toEqual([
      'releaseDate', 'developmentStatus', 'softwareType', 'platforms', 'categories', 'intendedAudience', 'localisation',
      'legal.mainCopyrightOwner', 'maintenance.type', 'description.it', 'description.en.localisedName', 'description.en.features',
    ]);
    expect([reachable, card.contact]).toEqual(['', 'The Fiera authors']);
    const head = 'publiccodeYmlVersion: "0.4"\nname: x\n';
    expect(read(`${head}maintenance: { contacts: [{ phone: 06 1234 }] }`)).toMatchObject({ card: { tool: 'x' }, left: [], reachable: '06 1234' });
    const many = read(head + Array.from({ length: 90 }, (_, n) => `"${'k'.repeat(90)}\\u202e${n}": 1`).join('\n')).left;
    expect([many.length, many.at(-1), [...(many[0] ?? '')].length]).toEqual([LEFT_MAX + 1, '…', LEFT_CHARS_MAX]);
    expect(read(`${head}"a\\u202eb": 1`).left).toEqual(['a b']);
  });

  it('tells what has another form than the standard gives it', () => {
    const left = (more: string): readonly string[] => read(`publiccodeYmlVersion: "0.4"\nname: x\n${more}`).left;
    expect(left('legal: EUPL-1.2')).toEqual(['legal']);
    expect(left('legal: { license: [EUPL-1.2, MIT] }')).toEqual(['legal.license']);
    expect(left('maintenance: the authors')).toEqual(['maintenance']);
    expect(left('maintenance: { contacts: { name: Lia } }')).toEqual(['maintenance.contacts']);
    expect(left('maintenance: { contacts: Lia }')).toEqual(['maintenance.contacts']);
    expect(left('maintenance: { contacts: [Lia, { name: Ugo }] }')).toEqual(['maintenance.contacts[0]', 'maintenance.contacts[1]']);
    expect(left('maintenance: { contacts: [{ name: [Lia], phone: true }] }')).toEqual(['maintenance.contacts[0].name', 'maintenance.contacts[0].phone']);
    expect(left('description: words')).toEqual(['description']);
    expect(left('description: { it: words, en: { shortDescription: { a: b } } }')).toEqual(['description.en.shortDescription', 'description.it']);
    expect(left('url: [https://code.example.org]\nsoftwareVersion: { a: 1 }')).toEqual(['url', 'softwareVersion']);
    // What is empty says nothing, so nothing of it is left out.
    expect(left('legal:\nmaintenance: { contacts: [] }\ndescription: {}\nurl: ""')).toEqual([]);
  });

  it('tells for which links there is no place', () => {
    const link = (n: number) => ({ title: `L${n}`, url: `https://l${n}.example.org` });
    const draft = { ...emptyDraft('it'), links: [1, 2, 3, 4, 5].map(link) };
    const found = read(file, 'it');
    const keys = (of: readonly { key: string }[]): string[] => of.map(({ key }) => key);
    expect([keys(places(draft, found).fit), keys(places(draft, found).beyond)]).toEqual([['url'], ['description.it.documentation']]);
    expect(filled(draft, found, titles).links.map(({ title }) => title)).toEqual(['L1', 'L2', 'L3', 'L4', 'L5', 'Code']);
    // One that is there already needs no place, and an empty line is one.
    const there = { ...draft, links: [...draft.links, { title: 'Code', url: 'https://code.example.org/sportello.git' }] };
    expect(keys(places(there, found).beyond)).toEqual(['description.it.documentation']);
    expect(keys(places({ ...draft, links: [...draft.links.slice(1), { title: '', url: ' ' }] }, found).beyond)).toEqual([]);
  });

  it('is refused with what is wrong', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...[...'bcdefghi'].map((one, i) => `${one}: &${one} [${`*${'abcdefgh'[i]},`.repeat(9)}]`)].join('\n');
    const faults = { 'name: [': 'yaml', '\tname: x': 'yaml', 'just words': 'publiccode', '': 'yaml', '[1, 2]': 'publiccode', 'name: x': 'publiccode' };
    for (const [text, fault] of Object.entries(faults)) expect(publiccode(text, 'it'), text).toEqual({ fault });
    expect(publiccode(bomb, 'it')).toEqual({ fault: 'yaml' });
    expect(publiccode('['.repeat(30_000), 'it')).toEqual({ fault: 'yaml' });
    expect(publiccode(' '.repeat(PUBLICCODE_CHARS_MAX + 1), 'it')).toEqual({ fault: 'long' });
    expect(publiccode('__proto__: { name: x, publiccodeYmlVersion: "0.4" }', 'it')).toEqual({ fault: 'publiccode' });
  });

  it('fills what is empty and the parts that it knows, and keeps the other words', () => {
    const draft = { ...emptyDraft('it'), name: 'Mine', links: [{ title: 'There', url: 'https://docs.example.org/' }] };
    draft.card.method = 'By hand';
    const made = filled(draft, read(file, 'it'), titles);
    expect([made.name, made.line, made.card.method, made.card.licence]).toEqual(['Mine', 'Prenotazioni senza coda', 'By hand', 'EUPL-1.2']);
    expect(made.links.map(({ title }) => title)).toEqual(['There', 'Code']);
  });

  it('however it is damaged, gives a card within its limits or a refusal', () => {
    const random = seeded(7);
    const some = (n: number): number => Math.floor(random() * n);
    const odd = ['\u202e', '\u0000', '  ', '\n', ': ', '- ', '&a ', '*a ', '{', ']', '"', '!!js/function ', 'https://you@', '𝒳'.repeat(400), 'x'.repeat(900), '|', '<<: '];
    let read = 0;
    for (let n = 0; n < 250; n += 1) {
      let text = some(2) === 0 ? file : own;
      for (let edits = some(6); edits > 0; edits -= 1) {
        const at = some(text.length);
        text = text.slice(0, at) + (odd[some(odd.length)] ?? '') + text.slice(at + some(3) * some(40));
      }
      const found = publiccode(text, 'it');
      if ('fault' in found) continue;
      read += 1;
      const long = [found.card.problem, found.card.context];
      const lines = [found.card.tool, found.card.contact, found.card.licence];
      expect([...found.name].length, text).toBeLessThanOrEqual(STAND_NAME_CHARS_MAX);
      expect([...found.line].length).toBeLessThanOrEqual(STAND_LINE_CHARS_MAX);
      for (const part of long) expect([...(part ?? '')].length).toBeLessThanOrEqual(PRACTICE_CHARS_MAX);
      for (const part of lines) {
        expect([...(part ?? '')].length).toBeLessThanOrEqual(PRACTICE_LINE_CHARS_MAX);
        expect(part ?? '').not.toMatch(/\n/);
      }
      for (const { url } of found.links) expect(url.length).toBeLessThanOrEqual(LINK_BYTES_MAX);
      const made = contentOf(filled(emptyDraft('it'), { ...found, line: found.line || 'x' }, titles));
      expect(made, text).not.toHaveProperty('fault');
      expect(JSON.stringify(made)).not.toMatch(/[\u0000\u202e]|\\u0000/);
    }
    expect(read).toBeGreaterThan(25);
  });
});
