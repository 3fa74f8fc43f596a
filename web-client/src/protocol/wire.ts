// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The wire as TypeScript. This folder knows how messages are written, never what they do.

export type EventId = string;
export type RoomId = string;
export type ParticipantId = string;
export type CommandId = string;
export type DisplayName = string;

export type Role = 'attendee' | 'speaker' | 'moderator' | 'organiser';
export type RoomKind = 'lobby' | 'stage' | 'stand' | 'breakout';
export type SourceKind = 'mic' | 'camera' | 'screen' | 'screen_audio';
export type EventPhase = 'draft' | 'open' | 'live' | 'ended';
export type Place = 'audience' | 'backstage' | 'on_air';
export type SlotKind = 'voice' | 'camera' | 'screen' | 'screen_audio';
export type MediaDirection = 'up' | 'down';

export type StreamId =
  | { of: 'event' }
  | { of: 'room'; room: RoomId }
  | { of: 'backstage'; room: RoomId }
  | { of: 'you' };

export type RoomSummary = { room: RoomId; room_kind: RoomKind; title: string; people: number; live: boolean };
export type EventView = { event: EventId; title: string; phase: EventPhase; people: number; rooms: RoomSummary[] };
export type Publisher = { participant: ParticipantId; name: DisplayName; sources: SourceKind[] };
export type RoomView = { room: RoomId; people: number; on_air: Publisher[] };
export type BackstageView = { room: RoomId; waiting: Publisher[] };
export type YouView = {
  participant: ParticipantId;
  name: DisplayName;
  role: Role;
  room: RoomId | null;
  place: Place;
  sources: SourceKind[];
};
export type StreamState =
  | ({ of: 'event' } & EventView)
  | ({ of: 'room' } & RoomView)
  | ({ of: 'backstage' } & BackstageView)
  | ({ of: 'you' } & YouView);

export type RoomCount = { room: RoomId; people: number; live: boolean };
export type Change =
  | { kind: 'phase'; phase: EventPhase }
  | { kind: 'counts'; people: number; rooms: RoomCount[] }
  | { kind: 'people'; people: number }
  | { kind: 'on_air'; on_air: Publisher[] }
  | { kind: 'speaking'; participants: ParticipantId[] }
  | { kind: 'waiting'; waiting: Publisher[] }
  | { kind: 'you'; you: YouView };

export type RefusalCode =
  | 'malformed' | 'too_large' | 'too_fast' | 'hello_expected' | 'version' | 'token' | 'expired' | 'unknown_event'
  | 'unknown_room' | 'room_full' | 'unknown_participant' | 'not_allowed' | 'not_in_room' | 'wrong_state'
  | 'event_closed' | 'name' | 'sdp' | 'too_many_connections' | 'unavailable';

export type Command =
  | { kind: 'enter'; room: RoomId }
  | { kind: 'leave' }
  | { kind: 'rename'; name: DisplayName }
  | { kind: 'enter_backstage' }
  | { kind: 'leave_backstage' }
  | { kind: 'put_on_air'; participant?: ParticipantId }
  | { kind: 'take_off_air'; participant?: ParticipantId }
  | { kind: 'set_source'; source: SourceKind; live: boolean; participant?: ParticipantId }
  | { kind: 'set_event_phase'; phase: EventPhase };

export type ClientMessage =
  | { kind: 'hello'; version: number; event: EventId; token?: string; resume?: string; name?: DisplayName }
  | { kind: 'pong'; n: number }
  | { kind: 'command'; id: CommandId; command: Command }
  | { kind: 'resync'; stream: StreamId }
  | { kind: 'roster'; after?: ParticipantId }
  | { kind: 'watch'; video_slots: number }
  | { kind: 'rack_answer'; rack: number; sdp: string }
  | { kind: 'want'; slot: number; height: number | null }
  | { kind: 'stop_watching' }
  | { kind: 'publish_offer'; sdp: string }
  | { kind: 'stop_publishing' };

export type SlotInfo = { slot: number; mid: string; takes: SlotKind };
export type Shown = { participant: ParticipantId; source: SourceKind };

export type ServerMessage =
  | { kind: 'welcome'; version: number; server_unix_ms: number; resumed: boolean }
  | { kind: 'accepted'; id: CommandId }
  | { kind: 'refused'; id?: CommandId; code: RefusalCode; sentence: string }
  | { kind: 'snapshot'; stream: StreamId; epoch: number; n: number; state: StreamState }
  | { kind: 'update'; stream: StreamId; epoch: number; n: number; change: Change }
  | { kind: 'resume'; token: string }
  | { kind: 'ping'; n: number }
  | { kind: 'drain'; reconnect_within_ms: number }
  | { kind: 'roster_page'; people: Publisher[]; more: boolean }
  | { kind: 'rack_offer'; rack: number; sdp: string; slots: SlotInfo[] }
  | { kind: 'publish_answer'; sdp: string }
  | { kind: 'slot_changed'; rack: number; slot: number; shows: Shown | null; rtp_time: number }
  | { kind: 'cannot_decode'; rack: number; slot: number; codec: string }
  | { kind: 'media_closed'; direction: MediaDirection; sentence: string };
