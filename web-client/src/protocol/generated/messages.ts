// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later
// Generated from signaling/protocol. Do not edit: change the Rust types and run
// FIERA_GENERATE=1 cargo test -p fiera-protocol --features typescript --test typescript

/**
 * An event's short name, as in the address `/e/{event}`.
 */
export type EventId = string;

/**
 * A room's short name, unique within its event.
 */
export type RoomId = string;

/**
 * One person in one event. Random (uuid v4): it must not hold a time.
 */
export type ParticipantId = string;

/**
 * Chosen by the client, unique per participant; a command repeated under the same id runs once.
 */
export type CommandId = string;

/**
 * A name as others see it: 1 to 60 visible characters, trimmed, no control or bidi-override characters.
 */
export type DisplayName = string;

/**
 * What a participant may do in an event; per-room grants derive from it.
 */
export type Role = "attendee" | "speaker" | "moderator" | "organiser";

/**
 * What kind of place a room is. All kinds have the same abilities and differ in policy only.
 */
export type RoomKind = "lobby" | "stage" | "stand" | "breakout";

/**
 * Which of a participant's tracks a source is.
 */
export type SourceKind = "mic" | "camera" | "screen" | "screen_audio";

/**
 * A sequence of numbered updates that a client follows.
 */
export type StreamId = { "of": "event", } | { "of": "room",
/**
 * The room.
 */
room: RoomId, } | { "of": "backstage",
/**
 * The room.
 */
room: RoomId, } | { "of": "you", };

/**
 * How far a client has followed a stream.
 */
export type StreamPosition = {
/**
 * Epoch of the numbering.
 */
epoch: number,
/**
 * The last update that was applied.
 */
n: number, };

/**
 * Life of an event.
 */
export type EventPhase = "draft" | "open" | "live" | "ended";

/**
 * Where a participant stands in the room.
 */
export type Place = "audience" | "backstage" | "on_air";

/**
 * The whole of a stream's state, as in a snapshot.
 */
export type StreamState = { "of": "event" } & EventView | { "of": "room" } & RoomView | { "of": "backstage" } & BackstageView | { "of": "you" } & YouView;

/**
 * The event as everybody in it sees it.
 */
export type EventView = {
/**
 * Short name.
 */
event: EventId,
/**
 * Title as written by the organiser.
 */
title: string,
/**
 * Where in its life it is.
 */
phase: EventPhase,
/**
 * Participants connected now.
 */
people: number,
/**
 * All rooms, in the organiser's order.
 */
rooms: Array<RoomSummary>, };

/**
 * A room in the list of places.
 */
export type RoomSummary = {
/**
 * Short name.
 */
room: RoomId,
/**
 * Lobby, stage, stand or breakout.
 */
room_kind: RoomKind,
/**
 * Title as written by the organiser.
 */
title: string,
/**
 * Participants in it now.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean, };

/**
 * A room as its audience sees it.
 */
export type RoomView = {
/**
 * Short name.
 */
room: RoomId,
/**
 * Participants in it now.
 */
people: number,
/**
 * Who is on air, in the order they went.
 */
on_air: Array<Publisher>,
/**
 * Who speaks now, loudest first.
 */
speaking: Array<ParticipantId>, };

/**
 * Those who wait behind the stage.
 */
export type BackstageView = {
/**
 * The room.
 */
room: RoomId,
/**
 * Backstage and not on air, in the order they came.
 */
waiting: Array<Publisher>, };

/**
 * Somebody who publishes, as others see them.
 */
export type Publisher = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * Their name.
 */
name: DisplayName,
/**
 * Sources switched on, in the order mic, camera, screen, screen audio.
 */
sources: Array<SourceKind>, };

/**
 * What concerns one participant alone.
 */
export type YouView = {
/**
 * Who.
 */
participant: ParticipantId,
/**
 * The name others see.
 */
name: DisplayName,
/**
 * The role in this event.
 */
role: Role,
/**
 * The room one is in; none: the event's lobby page.
 */
room: RoomId | null,
/**
 * Where one stands in that room.
 */
place: Place,
/**
 * Own sources that are switched on.
 */
sources: Array<SourceKind>, };

/**
 * A change of a stream. Applying it to the state before gives the state after.
 */
export type Change = { "kind": "phase",
/**
 * The new phase.
 */
phase: EventPhase, } | { "kind": "counts",
/**
 * Participants connected.
 */
people: number,
/**
 * Per room, in the order of [`EventView::rooms`].
 */
rooms: Array<RoomCount>, } | { "kind": "people",
/**
 * Participants in the room.
 */
people: number, } | { "kind": "on_air",
/**
 * In the order they went.
 */
on_air: Array<Publisher>, } | { "kind": "speaking",
/**
 * Who.
 */
participants: Array<ParticipantId>, } | { "kind": "waiting",
/**
 * In the order they came.
 */
waiting: Array<Publisher>, } | { "kind": "you",
/**
 * The new state.
 */
you: YouView, };

/**
 * One room's numbers within [`Change::Counts`].
 */
export type RoomCount = {
/**
 * The room.
 */
room: RoomId,
/**
 * Participants in it.
 */
people: number,
/**
 * Whether anyone is on air there.
 */
live: boolean, };

/**
 * Anything a client says. Unknown kinds and unknown fields are refused as `malformed`.
 */
export type ClientMessage = { "kind": "hello",
/**
 * [`crate::PROTOCOL_VERSION`].
 */
version: number,
/**
 * The event to join.
 */
event: EventId,
/**
 * Signed token; absent when the cookie of the event says who this is.
 */
token?: string,
/**
 * Sealed token of an earlier socket: same participant, same room, as they were.
 */
resume?: string,
/**
 * Name to be shown; the token's or an alias is used without it.
 */
name?: DisplayName, } | { "kind": "pong",
/**
 * The number of that ping.
 */
n: number, } | { "kind": "command",
/**
 * Chosen by the client, unique per participant.
 */
id: CommandId,
/**
 * What to do.
 */
command: Command, } | { "kind": "resync",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * The last update that was applied. Where the server still has all later ones it sends only those.
 */
have?: StreamPosition, } | { "kind": "roster",
/**
 * Continues after this participant; from the start without it.
 */
after?: ParticipantId, } | { "kind": "watch",
/**
 * Camera slots wanted, 1 to 4 (fewer on phones).
 */
video_slots: number, } | { "kind": "rack_answer",
/**
 * Number of the offer that this answers.
 */
rack: number,
/**
 * Session description (RFC 8866), type `answer`.
 */
sdp: string, } | { "kind": "want",
/**
 * The slot.
 */
slot: number,
/**
 * Height in device pixels; none: send nothing for this slot.
 */
height: number | null, } | { "kind": "stop_watching", } | { "kind": "publish_offer",
/**
 * Session description (RFC 8866), type `offer`.
 */
sdp: string, } | { "kind": "stop_publishing", };

/**
 * What a participant can do. Each needs a seat in the room it is about; `SPEC.md` has the table by role.
 */
export type Command = { "kind": "enter",
/**
 * The room.
 */
room: RoomId, } | { "kind": "leave", } | { "kind": "rename",
/**
 * The new name.
 */
name: DisplayName, } | { "kind": "enter_backstage", } | { "kind": "leave_backstage", } | { "kind": "put_on_air",
/**
 * Somebody else who is backstage (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "take_off_air",
/**
 * Somebody else who is on air (moderators and organisers).
 */
participant?: ParticipantId, } | { "kind": "set_source",
/**
 * Which of the participant's sources.
 */
source: SourceKind,
/**
 * On or off.
 */
live: boolean,
/**
 * Somebody else's: moderators and organisers, and only to switch off.
 */
participant?: ParticipantId, } | { "kind": "set_event_phase",
/**
 * The next phase.
 */
phase: EventPhase, };

/**
 * Stable reason of a refusal; the words beside it may change, the code does not.
 */
export type RefusalCode = "malformed" | "too_large" | "too_fast" | "hello_expected" | "version" | "token" | "expired" | "unknown_event" | "unknown_room" | "room_full" | "unknown_participant" | "not_allowed" | "not_in_room" | "wrong_state" | "event_closed" | "name" | "sdp" | "too_many_connections" | "unavailable";

/**
 * Anything the server says.
 */
export type ServerMessage = { "kind": "welcome",
/**
 * [`crate::PROTOCOL_VERSION`].
 */
version: number,
/**
 * Server clock, milliseconds since 1970 (for countdowns).
 */
server_unix_ms: number,
/**
 * Whether a resume token brought back the earlier place.
 */
resumed: boolean, } | { "kind": "accepted",
/**
 * Which.
 */
id: CommandId, } | { "kind": "refused",
/**
 * Which command; absent where it answers another message.
 */
id?: CommandId,
/**
 * For programs.
 */
code: RefusalCode,
/**
 * For people: what happened and what to do. English; clients translate by code.
 */
sentence: string, } | { "kind": "snapshot",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * Changes when the numbering starts anew.
 */
epoch: number,
/**
 * The last update contained.
 */
n: number,
/**
 * The state.
 */
state: StreamState, } | { "kind": "update",
/**
 * Which stream.
 */
stream: StreamId,
/**
 * Epoch of the numbering.
 */
epoch: number,
/**
 * Number of this update, one more than that before.
 */
n: number,
/**
 * The change.
 */
change: Change, } | { "kind": "resume",
/**
 * Sealed; present it in `hello` after a lost connection.
 */
token: string, } | { "kind": "ping",
/**
 * To be repeated in `pong`.
 */
n: number, } | { "kind": "drain",
/**
 * Milliseconds.
 */
reconnect_within_ms: number, } | { "kind": "roster_page",
/**
 * Participants, ordered by id.
 */
people: Array<Publisher>,
/**
 * Ask on after the last one.
 */
more: boolean, } | { "kind": "rack_offer",
/**
 * Number of this rack, for the answer and for `slot_changed`.
 */
rack: number,
/**
 * Session description (RFC 8866), type `offer`.
 */
sdp: string,
/**
 * The slots, in the order of the m-lines.
 */
slots: Array<SlotInfo>, } | { "kind": "publish_answer",
/**
 * Session description (RFC 8866), type `answer`.
 */
sdp: string, } | { "kind": "slot_changed",
/**
 * Number of the rack.
 */
rack: number,
/**
 * The slot.
 */
slot: number,
/**
 * What it shows; none: nothing.
 */
shows: Shown | null,
/**
 * RTP timestamp of the first packet of the new source in this slot.
 */
rtp_time: number, } | { "kind": "cannot_decode",
/**
 * Number of the rack.
 */
rack: number,
/**
 * The slot.
 */
slot: number,
/**
 * Codec name as in SDP, such as `H264`.
 */
codec: string, } | { "kind": "media_closed",
/**
 * Which of the two.
 */
direction: MediaDirection,
/**
 * For people: why.
 */
sentence: string, };

/**
 * A slot of the rack.
 */
export type SlotInfo = {
/**
 * Number of the slot, as used in `want` and `slot_changed`.
 */
slot: number,
/**
 * The m-line's `a=mid`.
 */
mid: string,
/**
 * What can appear in it.
 */
takes: SlotKind, };

/**
 * What a slot is for.
 */
export type SlotKind = "voice" | "camera" | "screen" | "screen_audio";

/**
 * What is plugged into a slot.
 */
export type Shown = {
/**
 * Whose.
 */
participant: ParticipantId,
/**
 * Which of their sources.
 */
source: SourceKind, };

/**
 * One of the two media connections.
 */
export type MediaDirection = "up" | "down";
