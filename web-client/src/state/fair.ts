// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What this client knows of the fair, and how each snapshot and update changes it. Pure: no socket, no DOM, no clock.

import type {
  BackstageView, BreakoutRoom, BreakoutsView, CaptionsView, EventView, ModeratorsView, OrganisersView, ParticipantId, Publisher, RoomView, RoundRoom, ServerMessage, StreamId,
  StreamState, YouView,
} from '../protocol';
import { apply } from './apply';

/** The last that came of the streams, before it is asked what still applies. */
interface Held {
  readonly event: EventView | null;
  readonly room: RoomView | null;
  readonly captions: CaptionsView | null;
  readonly backstage: BackstageView | null;
  readonly moderators: ModeratorsView | null;
  readonly organisers: OrganisersView | null;
  readonly breakouts: BreakoutsView | null;
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

const NOTHING: Held = { event: null, room: null, captions: null, backstage: null, moderators: null, organisers: null, breakouts: null, you: null };
export const EMPTY: FairState = { ...NOTHING, held: NOTHING };

type Streamed = Extract<ServerMessage, { kind: 'snapshot' | 'update' }>;

/** The state after a message; the same object when nothing changed. */
export function reduce(state: FairState, message: Streamed): FairState {
  const { held } = state;
  const next = message.kind === 'snapshot' ? withWhole(held, message.state) : withChange(held, message);
  return next === held ? state : stateOf(next);
}

/** What of the held parts applies: what one no longer follows ends without a message, and must not linger. */
export function stateOf(known: Partial<Held>): FairState {
  const held: Held = { ...NOTHING, ...known };
  const { event, you } = held;
  const room = held.room?.room === you?.room ? held.room : null;
  const captions = held.captions?.room === you?.room ? held.captions : null;
  const directs = you?.role === 'moderator' || you?.role === 'organiser';
  const behind = directs || (you !== null && you.place !== 'audience');
  const backstage = behind && held.backstage?.room === you?.room ? held.backstage : null;
  const moderators = directs && held.moderators?.room === you?.room ? held.moderators : null;
  const organisers = you?.role === 'organiser' ? held.organisers : null;
  const breakouts = directs ? held.breakouts : null;
  return { event, you, room, captions, backstage, moderators, organisers, breakouts, held };
}

function withWhole(state: Held, whole: StreamState): Held {
  if (!(whole.of in NOTHING)) return state;
  const { of, ...view } = whole;
  return { ...state, [of]: view };
}

function withChange(state: Held, { stream, change }: Extract<Streamed, { kind: 'update' }>): Held {
  // What concerns oneself is always sent whole.
  if (stream.of === 'you') return change.kind === 'you' ? { ...state, you: change.you } : state;
  const before = wholeOf(state, stream);
  const after = before && apply(before, change);
  return after && after !== before ? withWhole(state, after) : state;
}

/** The held state of a stream; null: none yet, or of another room. */
function wholeOf(state: Held, stream: StreamId): StreamState | null {
  const { of } = stream;
  const view = of in NOTHING ? state[of] : null;
  if (!view || ('room' in stream && (view as { room?: string }).room !== stream.room)) return null;
  return { of, ...view } as StreamState;
}

/** The breakout room that one is in. */
export function breakoutRoom(state: FairState): BreakoutRoom | null {
  const here = state.you?.room;
  return state.event?.breakout?.rooms.find((one) => one.room === here) ?? null;
}

/** The room of a dry run that one looks into: only bots are there. */
export function rehearsedRoom(state: FairState): RoundRoom | null {
  const here = state.you?.room;
  return state.breakouts?.rehearsal?.round.rooms.find((one) => one.room === here) ?? null;
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
