// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import { eventAddress, routeOf } from './route';

test('an address with capital letters means the one with small ones', () => {
  expect(routeOf('/e/DEMO')).toEqual({ at: 'event', event: 'demo' });
  expect(routeOf('/E/Demo/Dashboard/')).toEqual({ at: 'dashboard', event: 'demo' });
});

test('what is no event goes home', () => {
  for (const path of ['/', '/e/', '/e/a_b', '/e/demo/nothing', `/e/${'a'.repeat(65)}`]) expect(routeOf(path)).toEqual({ at: 'home' });
});

test('a page beside an event knows the way to it', () => {
  expect(eventAddress('/e/Demo/report')).toBe('/e/demo');
  expect(eventAddress('/nowhere')).toBe('/');
});
