// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test } from 'vitest';
import { onAirWithout, sendsFrom } from './sends';

test('who only looks at themselves sends nothing, whatever the moderators did', () => {
  const looks = { entering: false, devices: 'open', up: 'idle' } as const;
  expect(sendsFrom('backstage', looks)).toBe(false);
  expect(sendsFrom('on_air', looks)).toBe(false);
  expect(sendsFrom('on_air', { ...looks, entering: true })).toBe(true);
  expect(sendsFrom('backstage', { ...looks, up: 'connected' })).toBe(true);
  expect(sendsFrom('on_air', { ...looks, up: 'connected', devices: 'closed' })).toBe(false);
  expect(sendsFrom('audience', { ...looks, up: 'connected', entering: true })).toBe(false);
});

test('nobody is said to be unseen of whom another tab or a program sends', () => {
  const idle = { entering: false, devices: 'closed', up: 'idle' } as const;
  expect(onAirWithout({ place: 'on_air', sources: [] }, idle)).toBe('unseen');
  expect(onAirWithout({ place: 'on_air', sources: ['screen'] }, idle)).toBe('elsewhere');
  expect(onAirWithout({ place: 'on_air', sources: ['mic'] }, { ...idle, devices: 'open' })).toBe('elsewhere');
  expect(onAirWithout({ place: 'on_air', sources: [] }, { ...idle, entering: true })).toBe(null);
  expect(onAirWithout({ place: 'on_air', sources: ['mic'] }, { ...idle, devices: 'open', up: 'connected' })).toBe(null);
  expect(onAirWithout({ place: 'backstage', sources: [] }, idle)).toBe(null);
});
