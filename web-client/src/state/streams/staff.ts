// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The streams that only moderators of a room and organisers follow: queues, drafts, numbers. Pure.

import { CURVE_POINTS_MAX, type BreakoutsView, type Change, type ModeratorsView, type OrganisersView } from '../../protocol';
import { firstNot, keepLast, spliced, withQuestion, withUpvotes, withoutQuestion } from './lists';

/** The state after a change; null: the change is of another stream, or of the future. */
export function moderatorsAfter(moderators: ModeratorsView, change: Change): ModeratorsView | null {
  const { questions, polls } = moderators;
  switch (change.kind) {
    case 'question':
      return { ...moderators, questions: withQuestion(questions, change.question) };
    case 'question_gone':
      return { ...moderators, questions: withoutQuestion(questions, change.question) };
    case 'upvotes':
      return { ...moderators, questions: withUpvotes(questions, change.upvotes) };
    case 'hand_queue':
      return { ...moderators, hands: change.hands };
    case 'room_poll': {
      const at = polls.findIndex((known) => known.poll === change.poll.poll);
      const next = at < 0 ? [...polls, change.poll] : spliced(polls, at, 1, change.poll);
      return { ...moderators, polls: next };
    }
    case 'room_poll_gone':
      return { ...moderators, polls: polls.filter((known) => known.poll !== change.poll) };
    case 'room_poll_order': {
      const place = (poll: string): number => (change.polls.includes(poll) ? change.polls.indexOf(poll) : change.polls.length);
      return { ...moderators, polls: [...polls].sort((a, b) => place(a.poll) - place(b.poll)) };
    }
    case 'directions':
      return { ...moderators, directions: change.directions };
    case 'entries':
      return { ...moderators, entries: change.entries };
    case 'entry': {
      const { entries } = moderators;
      if (!entries) return moderators;
      const next = entries.entries.map((known) => (known.entry === change.entry.entry ? change.entry : known));
      return { ...moderators, entries: { ...entries, entries: next } };
    }
    case 'restricted_people':
      return { ...moderators, restricted: change.restricted };
    default:
      return null;
  }
}

/** The same for who goes where. */
export function breakoutsAfter(breakouts: BreakoutsView, change: Change): BreakoutsView | null {
  const { rounds } = breakouts;
  switch (change.kind) {
    case 'round': {
      const at = rounds.findIndex((known) => known.round === change.round.round);
      return { ...breakouts, rounds: at < 0 ? [...rounds, change.round] : spliced(rounds, at, 1, change.round) };
    }
    case 'round_gone':
      return { ...breakouts, rounds: rounds.filter((known) => known.round !== change.round) };
    case 'rehearsal':
      return { ...breakouts, rehearsal: change.rehearsal };
    default:
      return null;
  }
}

/** The same for the organisers' numbers. */
export function organisersAfter(organisers: OrganisersView, change: Change): OrganisersView | null {
  switch (change.kind) {
    case 'numbers':
      return { ...organisers, numbers: change.numbers };
    case 'word_filter':
      return { ...organisers, filter: change.words };
    case 'curve': {
      const { curve } = organisers;
      const at = firstNot(curve, (known) => known.unix_min < change.point.unix_min);
      const replaced = curve[at]?.unix_min === change.point.unix_min ? 1 : 0;
      return { ...organisers, curve: keepLast(spliced(curve, at, replaced, change.point), CURVE_POINTS_MAX) };
    }
    default:
      return null;
  }
}
