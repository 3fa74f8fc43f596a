// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What is new in the tabs of the panel that are not open: counted by id, so that moving on and coming back tells the
// truth. Pure.

import type { PollView, RoomView, YouView } from '../protocol';
import { breakoutRoom, type FairState } from './fair';

export type Tab = 'chat' | 'questions' | 'polls' | 'people';

const TABS: readonly Tab[] = ['chat', 'questions', 'polls', 'people'];

/** The tabs of the room where one is. In a breakout room people talk: questions and polls are there once there is one, or may be. */
export function tabsOf(state: FairState): readonly Tab[] {
  const { room } = state;
  if (!room || !breakoutRoom(state)) return TABS;
  const asked = room.questions.length > 0 || room.settings.questions_closed !== true;
  return TABS.filter((tab) => (tab !== 'questions' || asked) && (tab !== 'polls' || room.poll !== null));
}

export interface Seen {
  readonly room: string | null;
  readonly chat: ReadonlySet<string>;
  readonly questions: ReadonlySet<string>;
  readonly poll: string;
  /** Thanks for oneself, wherever one is. */
  readonly thanks: ReadonlySet<string>;
}

export const NOTHING_SEEN: Seen = { room: null, chat: new Set(), questions: new Set(), poll: '', thanks: new Set() };

const pollKey = (poll: PollView | null): string => (poll ? `${poll.poll}/${poll.phase}` : '');

/** What counts as seen after a look at the room with a tab open; of a room that one comes into, what was said before does. */
export function seenAfter(seen: Seen, room: RoomView, you: YouView | null, open: Tab | null): Seen {
  const entered = seen.room !== room.room;
  const chat = entered || open === 'chat' ? new Set(room.chat.map((one) => one.message)) : seen.chat;
  const questions = entered || open === 'questions' ? new Set(room.questions.map((one) => one.question)) : seen.questions;
  const poll = open === 'polls' ? pollKey(room.poll) : entered ? '' : seen.poll;
  // Thanks that came while one was away are as new as those that come now.
  const thanks = open === 'people' ? new Set(you?.thanks.map((one) => one.thanks)) : seen.thanks;
  return { room: room.room, chat, questions, poll, thanks };
}

/** How many things are new per tab. Own messages are not. */
export function unseen(seen: Seen, room: RoomView | null, you: YouView | null): Record<Tab, number> {
  const people = you?.thanks.filter((one) => !seen.thanks.has(one.thanks)).length ?? 0;
  if (!room || seen.room !== room.room) return { chat: 0, questions: 0, polls: 0, people };
  const telling = room.poll?.phase === 'open' || room.poll?.phase === 'revealed';
  return {
    chat: room.chat.filter((one) => !seen.chat.has(one.message) && one.participant !== you?.participant).length,
    questions: room.questions.filter((one) => !seen.questions.has(one.question)).length,
    polls: telling && seen.poll !== pollKey(room.poll) ? 1 : 0,
    people,
  };
}
