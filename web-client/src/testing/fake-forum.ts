// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What people do around the stage, for the hub in memory: questions, chat, hands, polls, announcements. It keeps its
// state by hand, not by the functions that are under test.

import type {
  Announcement, Change, ChatMessage, Command, HandView, ModeratorsView, PollView, QuestionView, RoomView, StreamId, YouView,
} from '../protocol';
import { moderatorsView } from './views';

const CHAT = 100;
const ANNOUNCED = 20;
/** Only moderators see these. */
const BEHIND = new Set(['pending', 'dismissed']);

type Spread = { stream: StreamId; change: Change }[];
type Room = { questions: QuestionView[]; chat: ChatMessage[]; private: ChatMessage[]; hands: HandView[]; polls: PollView[] };

export class Forum {
  announcements: Announcement[] = [];
  readonly #rooms = new Map<string, Room>();
  #ids = 0;

  /** What goes to which stream; null: not a command of this kind. */
  run(you: YouView, command: Command): Spread | null {
    const room = you.room ?? '';
    const all = this.#of(room);
    const toRoom = (change: Change) => ({ stream: { of: 'room' as const, room }, change });
    const toModerators = (change: Change) => ({ stream: { of: 'moderators' as const, room }, change });
    switch (command.kind) {
      case 'ask': {
        const order = all.questions.length;
        const question: QuestionView = {
          question: this.#id(), text: command.text, by: command.anonymous ? null : you.name, stage: 'pending', note: null,
          upvotes: 0, at_unix_ms: 0, order,
        };
        all.questions.push(question);
        return [toModerators({ kind: 'question', question: { ...question } })];
      }
      case 'set_question':
        return this.#setQuestion(all, command.question, command.to, toRoom, toModerators);
      case 'upvote': {
        const question = pick(all.questions, command.question);
        if (!question) return [];
        question.upvotes += 1;
        const counted: Change = { kind: 'upvotes', upvotes: [{ question: question.question, upvotes: question.upvotes }] };
        return [BEHIND.has(question.stage) ? toModerators(counted) : toRoom(counted)];
      }
      case 'chat': {
        const message = { message: this.#id(), by: you.name, participant: you.participant, text: command.text, at_unix_ms: 0 };
        const of = command.backstage ? 'backstage' : 'room';
        const list = command.backstage ? all.private : all.chat;
        list.push(message);
        if (list.length > CHAT) list.shift();
        return [{ stream: { of, room }, change: { kind: 'message', message } }];
      }
      case 'delete_message': {
        const message = pick(all.chat, command.message);
        if (!message) return [];
        all.chat.splice(all.chat.indexOf(message), 1);
        return [toRoom({ kind: 'message_gone', message: message.message })];
      }
      case 'raise_hand':
        if (all.hands.some((one) => one.participant === you.participant)) return [];
        all.hands.push({ participant: you.participant, name: you.name, topic: command.topic ?? null, stage: 'raised' });
        return [toModerators({ kind: 'hand_queue', hands: [...all.hands] }), toRoom({ kind: 'hands', hands: all.hands.length })];
      case 'lower_hand':
        all.hands = all.hands.filter((one) => one.participant !== you.participant);
        return [toModerators({ kind: 'hand_queue', hands: [...all.hands] }), toRoom({ kind: 'hands', hands: all.hands.length })];
      case 'draft_poll': {
        const poll: PollView = {
          poll: this.#id(), question: command.question, options: command.options, phase: 'draft', answers: 0, tally: null,
          form: { kind: 'single' }, answers_min: 0, outcome: null, quiz: null,
        };
        all.polls.push(poll);
        return [toModerators({ kind: 'room_poll', poll: { ...poll } })];
      }
      case 'set_poll': {
        const poll = all.polls.at(-1);
        if (!poll) return [];
        poll.phase = command.phase;
        return [toModerators({ kind: 'room_poll', poll: { ...poll } }), toRoom({ kind: 'poll', poll: this.#shown(all) })];
      }
      case 'announce': {
        const announcement = { announcement: this.#id(), text: command.text, at_unix_ms: 0 };
        this.announcements = [...this.announcements, announcement].slice(-ANNOUNCED);
        return [{ stream: { of: 'event' }, change: { kind: 'announced', announcement } }];
      }
      default:
        return null;
    }
  }

  room(room: string): Partial<RoomView> {
    const all = this.#of(room);
    return {
      questions: all.questions.filter((one) => !BEHIND.has(one.stage)).map((one) => ({ ...one })),
      chat: [...all.chat], poll: this.#shown(all), hands: all.hands.length,
    };
  }

  backstage(room: string): { chat: ChatMessage[] } {
    return { chat: [...this.#of(room).private] };
  }

  moderators(room: string): ModeratorsView {
    const all = this.#of(room);
    const questions = all.questions.filter((one) => BEHIND.has(one.stage)).map((one) => ({ ...one }));
    return moderatorsView({ room, questions, hands: [...all.hands], polls: all.polls.map((one) => ({ ...one })) });
  }

  #setQuestion(
    all: Room, id: string, to: QuestionView['stage'], toRoom: (c: Change) => Spread[0], toModerators: (c: Change) => Spread[0],
  ): Spread {
    const question = pick(all.questions, id);
    if (!question) return [];
    const was = BEHIND.has(question.stage);
    question.stage = to;
    const [here, there] = BEHIND.has(to) ? [toModerators, toRoom] : [toRoom, toModerators];
    const spread = [here({ kind: 'question', question: { ...question } })];
    if (was !== BEHIND.has(to)) spread.push(there({ kind: 'question_gone', question: question.question }));
    return spread;
  }

  #shown(all: Room): PollView | null {
    const poll = all.polls.filter((one) => one.phase !== 'draft').at(-1);
    return poll ? { ...poll } : null;
  }

  #of(room: string): Room {
    const known = this.#rooms.get(room) ?? { questions: [], chat: [], private: [], hands: [], polls: [] };
    this.#rooms.set(room, known);
    return known;
  }

  #id(): string {
    return `item-${(this.#ids += 1)}`;
  }
}

/** The fuzz does not know ids: the item whose number it names, counted around. */
function pick<T>(items: T[], number: string): T | undefined {
  return items.length === 0 ? undefined : items[Number(number) % items.length];
}
