// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { firstLanguage } from './localised';

const event = (title: string, titles: { it?: string; en?: string }, rooms: { title: string; titles: { it?: string; en?: string } }[] = []) =>
  ({ title, titles, rooms });

it('knows the language of an event by the title that is shown unasked', () => {
  expect(firstLanguage(event('Fiera', { it: 'Fiera', en: 'Fair' }))).toBe('it');
  expect(firstLanguage(event('Fair', { it: 'Fiera', en: 'Fair' }))).toBe('en');
  expect(firstLanguage(event('Fiera', { it: 'Fiera' }))).toBe('it');
  expect(firstLanguage(event('Fair', { en: 'Fair' }))).toBe('en');
});

it('asks the rooms where the title of the event is the same in both', () => {
  const same = { it: 'DevDay', en: 'DevDay' };
  expect(firstLanguage(event('DevDay', same, [{ title: 'Palco', titles: { it: 'Palco', en: 'Stage' } }]))).toBe('it');
  expect(firstLanguage(event('DevDay', { en: 'DevDay' }, [{ title: 'Palco', titles: { it: 'Palco', en: 'Stage' } }]))).toBe('it');
  expect(firstLanguage(event('DevDay', same))).toBeNull();
});
