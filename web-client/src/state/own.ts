// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What one wrote oneself, with the secrets that prove it: the server does not say whose a text is, so what comes back is
// recognised by its words. Pure; kept for the tab by whoever holds the list.

import type { AuthorSecret, CardId, CardView, ChatMessage, MessageId, ParticipantId, QuestionId, QuestionView, RoomId } from '../protocol';

export interface OwnText {
  readonly kind: 'question' | 'message' | 'card';
  readonly room: RoomId;
  /** Of a message: said backstage. */
  readonly backstage: boolean;
  readonly text: string;
  readonly anonymous: boolean;
  readonly secret: AuthorSecret;
  /** Its id, once it was seen; null: it waits for a moderator, or is on its way. */
  readonly id: QuestionId | MessageId | CardId | null;
}

/** Texts remembered; the oldest are forgotten first. */
export const OWN_MAX = 100;

export function withOwn(all: readonly OwnText[], text: OwnText): OwnText[] {
  return [...all, text].slice(-OWN_MAX);
}

/** The same list where nothing of it was recognised. */
export function recognised(
  all: readonly OwnText[],
  room: RoomId,
  seen: { questions?: readonly QuestionView[]; chat?: readonly ChatMessage[]; backstage?: readonly ChatMessage[]; cards?: readonly CardView[] },
  self: ParticipantId,
): readonly OwnText[] {
  if (!all.some((one) => one.id === null && one.room === room)) return all;
  const taken = new Set(all.map((one) => one.id));
  let changed = false;
  const next = all.map((one) => {
    if (one.id !== null || one.room !== room) return one;
    const id = idOf(one, seen, self, taken);
    if (id === null) return one;
    taken.add(id);
    changed = true;
    return { ...one, id };
  });
  return changed ? next : all;
}

function idOf(one: OwnText, seen: Parameters<typeof recognised>[2], self: ParticipantId, taken: Set<string | null>): string | null {
  if (one.kind === 'question') {
    const fits = (asked: QuestionView): boolean =>
      asked.text === one.text && (asked.by === null) === one.anonymous && !taken.has(asked.question);
    return seen.questions?.find(fits)?.question ?? null;
  }
  if (one.kind === 'card') {
    return seen.cards?.find((card) => card.text === one.text && !taken.has(card.card))?.card ?? null;
  }
  const said = one.backstage ? seen.backstage : seen.chat;
  const fits = (message: ChatMessage): boolean =>
    message.participant === self && message.text === one.text && !taken.has(message.message);
  return said?.find(fits)?.message ?? null;
}

/** The secret of a text that is one's own. */
export function secretOf(all: readonly OwnText[], id: string): AuthorSecret | null {
  return all.find((one) => one.id === id)?.secret ?? null;
}

/** Own questions of a room that nobody else sees yet. */
export function pendingOf(all: readonly OwnText[], room: RoomId | null): OwnText[] {
  return all.filter((one) => one.kind === 'question' && one.room === room && one.id === null);
}
