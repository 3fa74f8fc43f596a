// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the stage shows, worked out from slots and from who is on air: one entry per picture, and one without picture
// for everybody on air who has none. Pure.

import type { ParticipantId, Publisher, Shown, StageLayout } from '../../protocol';
import type { FairState } from '../../state/fair';
import { publisher } from '../../state/fair';
import type { Tile } from '../model/shape';

/** Where a picture stands: large, beside a large one, one of several of one size, or not at all. */
export type Spot = 'main' | 'side' | 'even' | 'away';

interface Placed {
  /** Names the picture as long as it is there: whose it is, and whether it is a screen. */
  key: string;
  name: string;
  /** The lower third, where it is shown. */
  line: string | null;
  speaking: boolean;
  /** Behind the stage: the audience does not see this. */
  waits: boolean;
  spot: Spot;
}

export interface Pictured extends Placed {
  tile: Tile;
  shown: Shown;
  screen: boolean;
}

export interface Unpictured extends Placed {
  participant: ParticipantId;
  self: boolean;
}

export interface StageView {
  pictured: Map<number, Pictured>;
  unpictured: Unpictured[];
  /** All of one size, one large, or a screen and a person of one size (one above the other where that is too small). */
  shape: 'even' | 'main' | 'pair';
  /** How many places the layout needs, with that of the slide where it has one. */
  count: number;
  /** The slide of a break: over everything, or large with those beside it who wait behind the stage and are not concerned. */
  slide: 'over' | 'beside' | null;
  /** Only what is shared is seen: pictures of people would be sent for nothing. */
  screenAlone: boolean;
}

/** What decides beside the direction: the picture that one has put in front for oneself, and who led when nobody speaks. */
export interface Wish {
  front?: string | null;
  leader?: ParticipantId | null;
  /** Nothing comes from the stage: a slide stands for it. */
  resuming?: boolean;
}

export function stageView(state: FairState, tiles: readonly Tile[], audioOnly: boolean, wish: Wish = {}): StageView {
  const pictured = new Map<number, Pictured>();
  const speaking = new Set(state.room?.speaking ?? []);
  const waiting = new Set((state.backstage?.waiting ?? []).map((one) => one.participant));
  const titles = state.room?.show.titles ?? false;
  const lineOf = (participant: ParticipantId): string | null => (titles ? (publisher(state, participant)?.title ?? null) : null);
  for (const tile of tiles) {
    if (audioOnly || tile.state === 'empty' || !tile.shows) continue;
    const { participant, source } = tile.shows;
    const screen = source === 'screen';
    pictured.set(tile.slot, {
      key: keyOf(participant, screen),
      tile,
      shown: tile.shows,
      name: publisher(state, participant)?.name ?? '',
      line: screen ? null : lineOf(participant),
      screen,
      speaking: speaking.has(participant),
      waits: waiting.has(participant),
      spot: 'even',
    });
  }
  const seen = new Set([...pictured.values()].map((one) => one.shown.participant));
  const self = state.you?.participant;
  const there: Publisher[] = [...(state.room?.on_air ?? [])];
  if (state.you && state.you.place !== 'audience') there.push(...(state.backstage?.waiting ?? []));
  const unpictured = there
    .filter((one) => !seen.has(one.participant))
    .map(({ participant, name }): Unpictured => ({
      key: keyOf(participant, false), participant, name, line: lineOf(participant), speaking: speaking.has(participant),
      self: participant === self, waits: waiting.has(participant), spot: 'even',
    }));
  const all: Item[] = [
    ...[...pictured.values()].map((placed) => ({ placed, participant: placed.shown.participant, screen: placed.screen })),
    ...unpictured.map((placed) => ({ placed, participant: placed.participant, screen: false })),
  ];
  const slide = !wish.resuming ? null : all.some(({ placed }) => placed.waits) ? 'beside' : 'over';
  const layout = state.room?.show.layout ?? 'auto';
  const shape = arrange(all, layout, wish);
  const placed = all.filter((one) => one.placed.spot !== 'away');
  const count = placed.length + (slide === 'beside' ? 1 : 0);
  const screenAlone = layout === 'slides' && placed.length > 0 && placed.every(({ screen }) => screen);
  return { pictured, unpictured, shape, count, slide, screenAlone };
}

interface Item {
  placed: Placed;
  participant: ParticipantId;
  screen: boolean;
}

function keyOf(participant: ParticipantId, screen: boolean): string {
  return screen ? `${participant}/screen` : participant;
}

/**
 * Gives everything its spot. Who waits behind the stage, or what they share, never leads; and whoever sees them there at all keeps
 * seeing them, whatever the direction shows the audience.
 */
function arrange(all: readonly Item[], layout: StageLayout, { front = null, leader = null, resuming = false }: Wish): StageView['shape'] {
  const put = (chosen: readonly (Item | undefined)[], spot: Spot, others: Spot): void => {
    for (const one of all) one.placed.spot = chosen.includes(one) ? spot : others === 'away' && one.placed.waits ? 'side' : others;
  };
  const anyWaits = all.some((one) => one.placed.waits);
  if (resuming && anyWaits) {
    put([], 'main', 'away');
    return 'main';
  }
  const screen = all.find((one) => one.screen && !one.placed.waits);
  const people = all.filter((one) => !one.screen && !one.placed.waits);
  const lead = people.find((one) => one.participant === leader) ?? people[0];
  const large = all.find((one) => one.placed.key === front) ?? (layout === 'speaker' ? (lead ?? screen) : null);
  if (large) {
    put([large], 'main', 'side');
    return all.length > 1 ? 'main' : 'even';
  }
  if (layout === 'side_by_side' && screen && lead) {
    put([screen, lead], 'side', 'away');
    screen.placed.spot = 'main';
    return anyWaits ? 'main' : 'pair';
  }
  if (layout === 'side_by_side' && !screen && people.length > 1) {
    put(people.slice(0, 2), 'even', 'away');
    return 'even';
  }
  if (layout === 'slides' && screen) {
    put([screen], anyWaits ? 'main' : 'even', 'away');
    return anyWaits ? 'main' : 'even';
  }
  if (layout === 'grid' || !screen || all.length === 1) {
    put(all, 'even', 'even');
    return 'even';
  }
  put([screen], 'main', 'side');
  return 'main';
}

/** Who leads: whoever led for as long as they speak, then who speaks; in silence nothing moves. Oneself last of all. */
export function leaderAfter(before: ParticipantId | null, state: FairState): ParticipantId | null {
  const self = state.you?.participant;
  const onAir = (state.room?.on_air ?? []).map((one) => one.participant);
  const speaking = onAir.filter((one) => one !== self && (state.room?.speaking ?? []).includes(one));
  if (before !== null && speaking.includes(before)) return before;
  const still = before !== null && before !== self && onAir.includes(before) ? before : null;
  return speaking[0] ?? still ?? onAir.find((one) => one !== self) ?? onAir[0] ?? null;
}

/** Up to two letters to stand for a picture. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '');
  return letters.join('').toUpperCase();
}
