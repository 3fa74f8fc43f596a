// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What one wrote oneself, with the secrets that prove it: the server does not say whose a text is. What comes back is
// recognised by its words, and found by its secret where one asks the server for it. Pure.

import {
  SECRETS_AT_ONCE_MAX, type AuthorSecret, type CardId, type CardView, type Change, type ChatMessage, type MessageId,
  type OwnQuestion, type ParticipantId, type QuestionId, type QuestionView, type RoomId, type ServerMessage,
} from '../protocol';

export type Mine = Extract<ServerMessage, { kind: 'mine' }>;

export interface OwnText {
  /** `thanks` were given, `shown` are for oneself and were made public: each has a secret of its own. */
  readonly kind: 'question' | 'message' | 'card' | 'idea' | 'thanks' | 'shown';
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

/** The list with the ids that the server found by the secrets. */
export function withFound(all: readonly OwnText[], mine: Mine): readonly OwnText[] {
  const ids = new Map<AuthorSecret, Map<OwnText['kind'], string>>();
  const note = (secret: AuthorSecret, kind: OwnText['kind'], id: string) =>
    ids.set(secret, (ids.get(secret) ?? new Map<OwnText['kind'], string>()).set(kind, id));
  mine.questions.forEach((one) => note(one.secret, 'question', one.question.question));
  mine.messages.forEach((one) => note(one.secret, 'message', one.message));
  mine.ideas?.forEach((one) => note(one.secret, 'idea', one.idea));
  mine.thanks?.forEach((one) => {
    note(one.secret, 'thanks', one.thanks);
    note(one.secret, 'shown', one.thanks);
  });
  return all.map((one) => {
    const id = ids.get(one.secret)?.get(one.kind);
    return id === undefined || id === one.id ? one : { ...one, id };
  });
}

/** Whether a change of the room says that something of one's own may have gone elsewhere: it is time to ask. */
export function concerns(change: Change, all: readonly OwnText[], found: readonly OwnQuestion[]): boolean {
  if (change.kind === 'question_gone') return secretOf(all, change.question) !== null;
  if (change.kind !== 'question') return false;
  const { question } = change;
  // Part of another one before, it stands for itself again.
  if (found.some((one) => one.question.question === question.question)) {
    return found.some((one) => one.question.question === question.question && one.merged_into !== null);
  }
  const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();
  return question.from_chat === true && all.some((one) => one.kind === 'message' && oneLine(one.text) === oneLine(question.text));
}

/** The secrets to ask for, the latest of them; those `beside` first of all. */
export function secretsOf(all: readonly OwnText[], beside: readonly AuthorSecret[] = []): AuthorSecret[] {
  return [...new Set([...all.map((one) => one.secret), ...beside])].slice(-SECRETS_AT_ONCE_MAX);
}

/** Own questions of a room, the last asked first, each as everybody sees it by now. */
export function ownIn(found: readonly OwnQuestion[], room: RoomId | null, shown: readonly QuestionView[]): OwnQuestion[] {
  const live = new Map(shown.map((one) => [one.question, one]));
  return found
    .filter((one) => one.room === room)
    .map((one) => ({ ...one, question: live.get(one.question.question) ?? one.question }))
    .sort((a, b) => b.question.order - a.question.order);
}

/** The secret of a text that is one's own; of that kind alone, where one is named. */
export function secretOf(all: readonly OwnText[], id: string, kind?: OwnText['kind']): AuthorSecret | null {
  return all.find((one) => one.id === id && (kind === undefined || one.kind === kind))?.secret ?? null;
}

/** Own questions of a room that nobody else sees yet. */
export function pendingOf(all: readonly OwnText[], room: RoomId | null): OwnText[] {
  return all.filter((one) => one.kind === 'question' && one.room === room && one.id === null);
}
