// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { round } from '../../states/breakouts';
import { botsFor, placesFor, plannedRooms, roomsFor } from './plan';

it('makes as many rooms as it takes, and places for those who come later', () => {
  expect(roomsFor(312, 8)).toBe(39);
  expect(roomsFor(0, 8)).toBe(1);
  expect(roomsFor(5_000, 8)).toBe(60);
  expect(placesFor(312, 40)).toBe(10);
  expect(40 * placesFor(312, 40)).toBeGreaterThanOrEqual(312);
});

it('reads a room per line, with its topic after a colon', () => {
  const rooms = plannedRooms(3, 'Testing: what breaks: first?\n\n Deploying ', (n) => `Room ${n}`);
  expect(rooms).toEqual([{ title: 'Testing', topic: 'what breaks: first?' }, { title: 'Deploying' }, { title: 'Room 3' }]);
  expect(plannedRooms(1, ': only a topic', (n) => `Room ${n}`)).toEqual([{ title: 'Room 1', topic: 'only a topic' }]);
});

it('begins a dry run with as many bots as leave some places free, and plays everybody who has one', () => {
  const rooms = Array.from({ length: 40 }, () => ({ ...round().rooms[0]!, seated: [] }));
  expect(botsFor(round({ rooms, capacity: 10 }))).toBe(320);
  expect(botsFor(round({ rooms, capacity: 100 }))).toBe(1_000);
  expect(botsFor(round({ capacity: 4 }))).toBe(24);
  expect(botsFor(round({ mode: 'assigned', rooms, capacity: 10 }))).toBe(1);
});
