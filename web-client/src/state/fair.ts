// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What this client knows of the fair, and how each snapshot and update changes it. Pure: no socket, no DOM, no clock.

import type {
  BackstageView, Change, EventView, ParticipantId, Publisher, RoomView, ServerMessage, StreamState, YouView,
} from '../protocol';

/** The fair as this participant may see it. Parts are null until their first snapshot. */
export interface FairState {
  readonly event: EventView | null;
  readonly room: RoomView | null;
  readonly backstage: BackstageView | null;
  readonly you: YouView | null;
}

export const EMPTY: FairState = { event: null, room: null, backstage: null, you: null };

type Streamed = Extract<ServerMessage, { kind: 'snapshot' | 'update' }>;

/** The state after a message; the same object when nothing changed. */
export function reduce(state: FairState, message: Streamed): FairState {
  return message.kind === 'snapshot' ? withWhole(state, message.state) : withChange(state, message);
}

function withWhole(state: FairState, whole: StreamState): FairState {
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
      return withYou(state, you);
    }
    default:
      return state;
  }
}

function withChange(state: FairState, message: Extract<Streamed, { kind: 'update' }>): FairState {
  const { stream, change } = message;
  if (change.kind === 'you') return withYou(state, change.you);
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

/** What one no longer follows must not linger: it ends without a message. */
function withYou(state: FairState, you: YouView): FairState {
  const room = state.room && state.room.room === you.room ? state.room : null;
  const follows = you.place !== 'audience' || you.role === 'moderator' || you.role === 'organiser';
  const backstage = follows && state.backstage?.room === you.room ? state.backstage : null;
  return { ...state, you, room, backstage };
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
