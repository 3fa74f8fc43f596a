// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import { stateOf } from '../../state/fair';
import { roomView, youView } from '../../testing/views';
import type { Tile } from '../model/shape';
import { stageView } from './stage-view';

const state = stateOf({
  event: null,
  you: youView({ participant: 'me', name: 'Me' }),
  room: roomView({ people: 2, on_air: [{ participant: 'ada', name: 'Ada', sources: ['mic', 'camera'] }] }),
  backstage: null,
});
const tile = (over: Partial<Tile>): Tile => ({
  slot: 0, takes: 'camera', state: 'undecodable', codec: 'H264', element: {} as HTMLElement,
  shows: { participant: 'ada', source: 'camera' }, ...over,
});

it('a picture that cannot be decoded keeps its place and name', () => {
  const view = stageView(state, [tile({})], false);
  expect(view.pictured.get(0)).toMatchObject({ name: 'Ada', tile: { state: 'undecodable', codec: 'H264' } });
  expect(view.unpictured).toEqual([]);
});

it('a slot with nothing in it leaves the person among those without picture', () => {
  const view = stageView(state, [tile({ state: 'empty', shows: null }), tile({ slot: 1, shows: null })], false);
  expect(view.pictured.size).toBe(0);
  expect(view.unpictured.map((one) => one.name)).toEqual(['Ada']);
});
