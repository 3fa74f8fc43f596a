// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { CAPTIONS_SHOWN_MAX, type CaptionLine, type CaptionsView } from '../../protocol';
import { captionsAfter, languageFor, languagesOf, nameOf } from './captions';

const line = (caption: string, lang: string, final = true): CaptionLine => ({ caption, lang, text: caption, final });
const after = (lines: readonly CaptionLine[], before: CaptionsView = { room: 'r', lines: [] }): CaptionsView =>
  lines.reduce((view, one) => captionsAfter(view, { kind: 'caption', line: one }) ?? view, before);

it('z3: a final line goes behind the last final one, and what is still being said stands last', () => {
  const { lines } = after([line('a', 'it', false), line('b', 'en', false), line('b', 'en'), line('c', 'it')]);
  expect(lines.map((one) => one.caption)).toEqual(['b', 'c', 'a']);
});

it('z3: a language keeps its last lines, whatever is said in others', () => {
  const many = Array.from({ length: CAPTIONS_SHOWN_MAX + 3 }, (_, n) => line(`i${n}`, 'it'));
  const { lines } = after([line('e', 'en'), ...many]);
  expect(lines.filter((one) => one.lang === 'it')).toHaveLength(CAPTIONS_SHOWN_MAX);
  expect(lines[0]?.caption).toBe('e');
  expect(lines[1]?.caption).toBe('i3');
});

it('the language read is the one chosen, else that of the page, else the first there is', () => {
  const there = languagesOf(after([line('a', 'de'), line('b', 'en-GB'), line('c', 'de')]));
  expect(there).toEqual(['de', 'en-GB']);
  expect(languageFor(there, 'de', 'en')).toBe('de');
  expect(languageFor(there, 'fr', 'en')).toBe('en-GB');
  expect(languageFor(there, null, 'it')).toBe('de');
  expect(languageFor([], 'it', 'it')).toBeNull();
});

it('languages are named in themselves, and an unknown tag by itself', () => {
  expect(nameOf('it')).toBe('italiano');
  expect(nameOf('en')).toBe('English');
  expect(nameOf('x')).toBe('x');
});
