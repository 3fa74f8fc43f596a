// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The streams of a room: as its audience sees it, and what stands behind the stage. Pure.

import type { BackstageView, Change, RoomView } from '../../protocol';
import { firstNot, spliced, withChangedMessage, withMessage, withQuestion, withUpvotes, withoutMessage, withoutQuestion } from './lists';

/** The state after a change; null: the change is of another stream, or of the future. */
export function roomAfter(room: RoomView, change: Change): RoomView | null {
  switch (change.kind) {
    case 'people':
      return { ...room, people: change.people };
    case 'on_air':
      return { ...room, on_air: change.on_air };
    case 'speaking':
      return { ...room, speaking: change.participants };
    case 'settings':
      return { ...room, settings: change.settings };
    case 'question':
      return { ...room, questions: withQuestion(room.questions, change.question) };
    case 'question_gone':
      return { ...room, questions: withoutQuestion(room.questions, change.question) };
    case 'upvotes':
      return { ...room, questions: withUpvotes(room.questions, change.upvotes) };
    case 'message':
      return { ...room, chat: withMessage(room.chat, change.message) };
    case 'message_gone':
      return { ...room, chat: withoutMessage(room.chat, change.message) };
    case 'message_changed':
      return { ...room, chat: withChangedMessage(room.chat, change.message) };
    case 'labels':
      return { ...room, labels: change.labels };
    case 'pinned':
      return { ...room, pinned: change.pinned };
    case 'poll':
      return { ...room, poll: change.poll };
    case 'hands':
      return { ...room, hands: change.hands };
    case 'show':
      return { ...room, show: change.show };
    case 'cards_shown':
      return { ...room, cards_shown: change.cards_shown };
    case 'help':
      return { ...room, help: change.help };
    case 'card': {
      const { card } = change;
      const at = firstNot(room.cards, (known) => known.order < card.order);
      const replaced = room.cards[at]?.card === card.card ? 1 : 0;
      return { ...room, cards: spliced(room.cards, at, replaced, card) };
    }
    case 'card_gone':
      return { ...room, cards: room.cards.filter((known) => known.card !== change.card) };
    case 'reactions':
      return room;
    default:
      return null;
  }
}

/** The same for the backstage. */
export function backstageAfter(backstage: BackstageView, change: Change): BackstageView | null {
  switch (change.kind) {
    case 'waiting':
      return { ...backstage, waiting: change.waiting };
    case 'countdowns':
      return { ...backstage, countdowns: change.countdowns };
    case 'timer':
      return { ...backstage, timer: change.timer };
    case 'message':
      return { ...backstage, chat: withMessage(backstage.chat, change.message) };
    case 'message_gone':
      return { ...backstage, chat: withoutMessage(backstage.chat, change.message) };
    case 'message_changed':
      return { ...backstage, chat: withChangedMessage(backstage.chat, change.message) };
    default:
      return null;
  }
}
