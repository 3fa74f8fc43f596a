// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// How lists of a stream's state change: questions in the order in which they were asked, the last messages of a chat.
// The same as `apply.rs` of the protocol, which the golden examples prove. Pure.

import {
  CHAT_SHOWN_MAX, type ChatMessage, type MessageId, type QuestionId, type QuestionView, type UpvoteCount,
} from '../../protocol';

/** Where in a sorted list the first item stands that is not before. */
export function firstNot<T>(items: readonly T[], isBefore: (item: T) => boolean): number {
  const at = items.findIndex((item) => !isBefore(item));
  return at < 0 ? items.length : at;
}

/** The list with `item` at a place, in place of the `removed` items there. */
export function spliced<T>(items: readonly T[], at: number, removed: number, item: T): T[] {
  return [...items.slice(0, at), item, ...items.slice(at + removed)];
}

export function keepLast<T>(items: readonly T[], max: number): T[] {
  return items.slice(Math.max(0, items.length - max));
}

/** Questions stand in the order in which they were asked; one of the same id is replaced. */
export function withQuestion(questions: readonly QuestionView[], question: QuestionView): QuestionView[] {
  const at = firstNot(questions, (known) => known.order < question.order);
  const replaced = questions[at]?.question === question.question ? 1 : 0;
  return spliced(questions, at, replaced, question);
}

export function withoutQuestion(questions: readonly QuestionView[], question: QuestionId): QuestionView[] {
  return questions.filter((known) => known.question !== question);
}

export function withUpvotes(questions: readonly QuestionView[], counts: readonly UpvoteCount[]): QuestionView[] {
  const byId = new Map(counts.map((count) => [count.question, count.upvotes]));
  return questions.map((known) => {
    const upvotes = byId.get(known.question);
    return upvotes === undefined ? known : { ...known, upvotes };
  });
}

export function withMessage(chat: readonly ChatMessage[], message: ChatMessage): ChatMessage[] {
  return keepLast([...chat, message], CHAT_SHOWN_MAX);
}

/** A message whose words changed keeps its place. */
export function withChangedMessage(chat: readonly ChatMessage[], message: ChatMessage): ChatMessage[] {
  return chat.map((known) => (known.message === message.message ? message : known));
}

export function withoutMessage(chat: readonly ChatMessage[], message: MessageId): ChatMessage[] {
  return chat.filter((known) => known.message !== message);
}
