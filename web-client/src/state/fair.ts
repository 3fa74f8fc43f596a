// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What this client knows of the fair, and how each snapshot and update changes it. Pure: no socket, no DOM, no clock.

import type {
  BackstageView, Change, EventView, ParticipantId, Publisher, RoomView, ServerMessage, StreamState, YouView,
} from '../protocol';

/** The last that came of the streams, before it is asked what still applies. */
interface Held {
  readonly event: EventView | null;
  readonly room: RoomView | null;
  readonly backstage: BackstageView | null;
  readonly you: YouView | null;
}

/** The fair as this participant may see it. Parts are null until their first snapshot, and when they no longer apply. */
export interface FairState extends Held {
  /**
   * Streams can overtake each other: the snapshot of a room may come before the update that says that one is in it.
   * So what came last is kept, and shown only while `you` agrees.
   */
  readonly held: Held;
}

const NOTHING: Held = { event: null, room: null, backstage: null, you: null };
export const EMPTY: FairState = { ...NOTHING, held: NOTHING };

type Streamed = Extract<ServerMessage, { kind: 'snapshot' | 'update' }>;

/** The state after a message; the same object when nothing changed. */
export function reduce(state: FairState, message: Streamed): FairState {
  const { held } = state;
  const next = message.kind === 'snapshot' ? withWhole(held, message.state) : withChange(held, message);
  return next === held ? state : stateOf(next);
}

/** What of the held parts applies: what one no longer follows ends without a message, and must not linger. */
export function stateOf(held: Held): FairState {
  const { event, you } = held;
  const room = held.room?.room === you?.room ? held.room : null;
  const follows = you !== null && (you.place !== 'audience' || you.role === 'moderator' || you.role === 'organiser');
  const backstage = follows && held.backstage?.room === you.room ? held.backstage : null;
  return { event, you, room, backstage, held };
}

function withWhole(state: Held, whole: StreamState): Held {
  switch (whole.of) {
    case 'event': {
      const { of: _, ...event } = whole;
      return { ...state, event };
    }
    case 'room': {
      const { of: _, ...room } = whole;
      return { ...state, room };
    }
    case 'backstage': {
      const { of: _, ...backstage } = whole;
      return { ...state, backstage };
    }
    case 'you': {
      const { of: _, ...you } = whole;
      return { ...state, you };
    }
    default:
      return state;
  }
}

function withChange(state: Held, message: Extract<Streamed, { kind: 'update' }>): Held {
  const { stream, change } = message;
  if (change.kind === 'you') return { ...state, you: change.you };
  if (stream.of === 'event') return state.event ? { ...state, event: eventAfter(state.event, change) } : state;
  if (stream.of === 'backstage') {
    if (change.kind !== 'waiting' || state.backstage?.room !== stream.room) return state;
    return { ...state, backstage: { ...state.backstage, waiting: change.waiting } };
  }
  if (stream.of !== 'room' || state.room?.room !== stream.room) return state;
  switch (change.kind) {
    case 'people':
      return { ...state, room: { ...state.room, people: change.people } };
    case 'on_air':
      return { ...state, room: { ...state.room, on_air: change.on_air } };
    case 'speaking':
      return { ...state, room: { ...state.room, speaking: change.participants } };
    default:
      return state;
  }
}

function eventAfter(event: EventView, change: Change): EventView {
  switch (change.kind) {
    case 'phase':
      return { ...event, phase: change.phase };
    case 'counts': {
      const counts = new Map(change.rooms.map((count) => [count.room, count]));
      const rooms = event.rooms.map((room) => ({ ...room, ...counts.get(room.room) }));
      return { ...event, people: change.people, rooms };
    }
    default:
      return event;
  }
}

/** Somebody on air or backstage in the room one is in. */
export function publisher(state: FairState, participant: ParticipantId): Publisher | null {
  const all = [...(state.room?.on_air ?? []), ...(state.backstage?.waiting ?? [])];
  return all.find((one) => one.participant === participant) ?? null;
}

/** Where a newcomer goes: where something is on air, else the first stage, else the first room. */
export function firstRoom(event: EventView): string | null {
  const { rooms } = event;
  const pick =
    rooms.find((r) => r.live && r.room_kind === 'stage') ??
    rooms.find((r) => r.room_kind === 'stage') ??
    rooms.find((r) => r.live) ??
    rooms[0];
  return pick?.room ?? null;
}
