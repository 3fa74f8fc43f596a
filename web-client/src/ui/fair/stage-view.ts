// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the stage shows, worked out from slots and from who is on air: one entry per picture, and one without picture
// for everybody on air who has none. Pure.

import type { ParticipantId, Publisher, Shown } from '../../protocol';
import type { FairState } from '../../state/fair';
import { publisher } from '../../state/fair';
import type { Tile } from '../model/shape';

export interface Pictured {
  tile: Tile;
  shown: Shown;
  name: string;
  screen: boolean;
  speaking: boolean;
  /** Behind the stage: the audience does not see this. */
  waits: boolean;
}

export interface Unpictured {
  participant: ParticipantId;
  name: string;
  speaking: boolean;
  self: boolean;
  waits: boolean;
}

export interface StageView {
  pictured: Map<number, Pictured>;
  unpictured: Unpictured[];
  hasScreen: boolean;
  /** How many places the layout needs. */
  count: number;
}

export function stageView(state: FairState, tiles: readonly Tile[], audioOnly: boolean): StageView {
  const pictured = new Map<number, Pictured>();
  const speaking = new Set(state.room?.speaking ?? []);
  const waiting = new Set((state.backstage?.waiting ?? []).map((one) => one.participant));
  for (const tile of tiles) {
    if (audioOnly || tile.state === 'empty' || !tile.shows) continue;
    const { participant, source } = tile.shows;
    pictured.set(tile.slot, {
      tile,
      shown: tile.shows,
      name: publisher(state, participant)?.name ?? '',
      screen: source === 'screen',
      speaking: speaking.has(participant),
      waits: waiting.has(participant),
    });
  }
  const seen = new Set([...pictured.values()].map((one) => one.shown.participant));
  const self = state.you?.participant;
  const there: Publisher[] = [...(state.room?.on_air ?? [])];
  if (state.you && state.you.place !== 'audience') there.push(...(state.backstage?.waiting ?? []));
  const unpictured = there
    .filter((one) => !seen.has(one.participant))
    .map(({ participant, name }) => ({
      participant, name, speaking: speaking.has(participant), self: participant === self, waits: waiting.has(participant),
    }));
  const hasScreen = [...pictured.values()].some((one) => one.screen);
  return { pictured, unpictured, hasScreen, count: pictured.size + unpictured.length };
}

/** Up to two letters to stand for a picture. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase();
}
