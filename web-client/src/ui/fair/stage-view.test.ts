// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, it } from 'vitest';
import type { StageLayout } from '../../protocol';
import { stateOf } from '../../state/fair';
import { backstageView, roomView, stageShow, youView } from '../../testing/views';
import type { Tile } from '../model/shape';
import { leaderAfter, stageView, type Wish } from './stage-view';

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

const person = (participant: string) => ({ participant, name: participant, sources: ['mic' as const, 'camera' as const] });
const onStage = (layout: StageLayout, speaking: string[] = [], over: { titles?: boolean } = {}) =>
  stateOf({
    you: youView({ participant: 'me', place: 'on_air' }),
    room: roomView({
      on_air: [{ ...person('ada'), title: 'Mayor' }, person('bruno'), person('carla')], speaking, show: stageShow({ layout, ...over }),
    }),
    backstage: backstageView({ waiting: [person('dora')] }),
  });
const nobodyWaits = (layout: StageLayout) => stateOf({ ...onStage(layout).held, backstage: backstageView() });
const cameras = ['ada', 'bruno', 'carla', 'dora'].map((participant, slot) =>
  tile({ slot, state: 'shown', shows: { participant, source: 'camera' } }));
const slides = tile({ slot: 9, takes: 'screen', state: 'shown', shows: { participant: 'bruno', source: 'screen' } });
const waitingSlides = tile({ slot: 8, takes: 'screen', state: 'shown', shows: { participant: 'dora', source: 'screen' } });
const spots = (layout: StageLayout, tiles: readonly Tile[], wish: Wish = {}) => {
  const { pictured, shape, count, slide } = stageView(onStage(layout), tiles, false, wish);
  return { shape, count, slide, ...Object.fromEntries([...pictured.values()].map(({ key, spot }) => [key, spot])) };
};

it('each layout gives every picture its spot', () => {
  const onAir = cameras.slice(0, 3);
  const view = (layout: StageLayout, tiles: readonly Tile[], wish: Wish = {}) => {
    const { pictured, shape, count } = stageView(nobodyWaits(layout), tiles, false, wish);
    return { shape, count, ...Object.fromEntries([...pictured.values()].map(({ key, spot }) => [key, spot])) };
  };
  const all = [...onAir, slides];
  expect(view('auto', all)).toMatchObject({ shape: 'main', count: 4, 'bruno/screen': 'main', ada: 'side' });
  expect(view('auto', onAir)).toMatchObject({ shape: 'even', count: 3 });
  expect(view('grid', all)).toMatchObject({ shape: 'even', count: 4, 'bruno/screen': 'even' });
  expect(view('speaker', all, { leader: 'carla' })).toMatchObject({ shape: 'main', carla: 'main', 'bruno/screen': 'side' });
  expect(view('side_by_side', all, { leader: 'carla' })).toMatchObject({ shape: 'pair', count: 2, carla: 'side', 'bruno/screen': 'main', ada: 'away' });
  expect(view('side_by_side', onAir)).toMatchObject({ shape: 'even', count: 2, ada: 'even', bruno: 'even', carla: 'away' });
  expect(view('slides', all)).toMatchObject({ shape: 'even', count: 1, 'bruno/screen': 'even', ada: 'away' });
  expect(view('slides', onAir), 'without a screen everybody is seen').toMatchObject({ shape: 'even', count: 3 });
});

it('who waits behind the stage is seen there in every layout, and neither they nor their screen lead', () => {
  const all = [waitingSlides, ...cameras, slides];
  for (const layout of ['auto', 'speaker', 'side_by_side', 'slides'] as const) {
    expect(spots(layout, all), layout).toMatchObject({ shape: 'main', dora: 'side', 'dora/screen': 'side' });
  }
  expect(spots('slides', all)).toMatchObject({ count: 3, 'bruno/screen': 'main', ada: 'away' });
  expect(spots('side_by_side', all, { leader: 'carla' })).toMatchObject({ count: 4, 'bruno/screen': 'main', carla: 'side', ada: 'away' });
  expect(spots('side_by_side', cameras)).toMatchObject({ shape: 'even', count: 3, carla: 'away', dora: 'side' });
  for (const layout of ['auto', 'slides'] as const) {
    expect(spots(layout, [waitingSlides, ...cameras]), 'their screen alone is no screen of the stage').toMatchObject({ shape: 'even', count: 5 });
  }
});

it('the slide of a break stands for those on air, beside those who wait', () => {
  expect(spots('grid', cameras, { resuming: true, front: 'ada' })).toMatchObject({ shape: 'main', slide: 'beside', count: 2, ada: 'away', dora: 'side' });
  expect(stageView(nobodyWaits('grid'), cameras.slice(0, 3), false, { resuming: true }).slide).toBe('over');
  expect(spots('grid', cameras).slide).toBeNull();
});

it('what somebody has put in front for themselves stays there, whatever the direction does; what has gone does not', () => {
  for (const layout of ['auto', 'speaker', 'side_by_side', 'grid', 'slides'] as const) {
    expect(spots(layout, [...cameras, slides], { front: 'ada', leader: 'carla' })).toMatchObject({ shape: 'main', ada: 'main', 'bruno/screen': 'side', carla: 'side' });
    expect(spots(layout, [...cameras, slides], { front: 'nobody' })).toEqual(spots(layout, [...cameras, slides]));
  }
});

it('who waits behind the stage does not lead', () => {
  expect(spots('speaker', cameras, { leader: 'dora' })).toMatchObject({ ada: 'main', dora: 'side' });
});

it('who leads stays as long as they speak and while nobody does', () => {
  expect(leaderAfter(null, onStage('speaker'))).toBe('ada');
  expect(leaderAfter('ada', onStage('speaker', ['carla']))).toBe('carla');
  expect(leaderAfter('carla', onStage('speaker', ['bruno', 'carla']))).toBe('carla');
  expect(leaderAfter('carla', onStage('speaker'))).toBe('carla');
  expect(leaderAfter('dora', onStage('speaker'))).toBe('ada');
});

it('a lower third stands under a person, not under a screen, and not where they are switched off', () => {
  const lines = (state: Parameters<typeof stageView>[0]) => [...stageView(state, [...cameras, slides], false).pictured.values()].map((one) => one.line);
  expect(lines(onStage('auto'))).toEqual(['Mayor', null, null, null, null]);
  expect(lines(onStage('auto', [], { titles: false }))).toEqual([null, null, null, null, null]);
});

it('says where only what is shared is seen, so that no person need be sent', () => {
  const alone = (layout: StageLayout, tiles: readonly Tile[], wish: Wish = {}) => stageView(nobodyWaits(layout), tiles, false, wish).screenAlone;
  const onAir = cameras.slice(0, 3);
  expect(alone('slides', [...onAir, slides])).toBe(true);
  expect(alone('slides', [slides]), 'once they are sent no more').toBe(true);
  expect(alone('slides', onAir)).toBe(false);
  expect(alone('slides', [...onAir, slides], { front: 'ada' })).toBe(false);
  for (const layout of ['auto', 'speaker', 'side_by_side', 'grid'] as const) expect(alone(layout, [...onAir, slides]), layout).toBe(false);
  expect(stageView(onStage('slides'), [...cameras, slides], false).screenAlone, 'somebody waits').toBe(false);
});
