// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Views with everything empty, for tests and page states: each names only what it is about.

import type {
  BackstageView, CaptionsView, ChatMessage, EventView, ModeratorsView, PollView, QuestionView, RoomSummary, RoomView, StageShow, StandSummary, YouView,
} from '../protocol';

export function youView(over: Partial<YouView> = {}): YouView {
  return {
    participant: 'p', name: 'Ada', role: 'attendee', room: 'stage', place: 'audience', sources: [], hand: null, upvoted: [],
    vote: null, answer: null, player: null, silenced: false, on_air_at_unix_ms: null, keeps: [], reuses: [], directions: [], breakout: null, card_votes: [], idea_votes: [], thanks: [], ...over,
  };
}

export function stageShow(over: Partial<StageShow> = {}): StageShow {
  return { layout: 'auto', sound_off: false, titles: true, resuming: false, ...over };
}

export function roomView(over: Partial<RoomView> = {}): RoomView {
  return {
    room: 'stage', people: 0, on_air: [], speaking: [], settings: { moderated: false, chat_open: true, slow_mode_s: 0 },
    questions: [], labels: [], chat: [], pinned: [], poll: null, hands: 0,
    show: stageShow(), help: null, cards: [], cards_shown: null, ...over,
  };
}

export function backstageView(over: Partial<BackstageView> = {}): BackstageView {
  return { room: 'stage', waiting: [], countdowns: [], timer: null, chat: [], ...over };
}

export function captionsView(over: Partial<CaptionsView> = {}): CaptionsView {
  return { room: 'stage', lines: [], ...over };
}

export function moderatorsView(over: Partial<ModeratorsView> = {}): ModeratorsView {
  return { room: 'stage', questions: [], hands: [], polls: [], restricted: [], directions: [], entries: null, ...over };
}

export function eventView(over: Partial<EventView> = {}): EventView {
  return {
    event: 'demo', title: 'Demo', titles: {}, organiser: null, phase: 'live', people: 0, rooms: [], agenda: [],
    announcements: [], read_only: false, stands: [], stands_open_to: 'anyone', breakout: null, time_zone: null, ideas: [], ideas_closed: false, thanks: [], ...over,
  };
}

export function roomSummary(room: string, over: Partial<RoomSummary> = {}): RoomSummary {
  return { room, room_kind: 'stage', title: room, titles: {}, people: 0, live: false, ...over };
}

export function questionView(question: string, over: Partial<QuestionView> = {}): QuestionView {
  return {
    question, text: `Question ${question}?`, by: 'Bea', stage: 'published', note: null, upvotes: 0, at_unix_ms: 0, order: 0,
    ...over,
  };
}

export function chatMessage(message: string, over: Partial<ChatMessage> = {}): ChatMessage {
  return { message, by: 'Bea', participant: 'b', text: `Message ${message}`, at_unix_ms: 0, ...over };
}

export function pollView(over: Partial<PollView> = {}): PollView {
  return {
    poll: 'poll', question: 'Which?', options: ['One', 'Two'], phase: 'open', answers: 0, tally: null, form: { kind: 'single' }, answers_min: 0,
    outcome: null, quiz: null, ...over,
  };
}

export function standSummary(stand: string, over: Partial<StandSummary> = {}): StandSummary {
  return {
    stand, room: `stand-${stand}`, state: 'open', name: `Stand ${stand}`, line: 'What it is about', language: 'it', tags: [], by: 'Bea',
    hours: [], revision: 0, reuse: 0, people: 0, live: false, order: 0, ...over,
  };
}
