// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What was typed into the poll maker, as the server takes it, and polls as the desk lists them. Pure.

import { POLL_ANSWERS_MIN_DEFAULT, POLL_OPTIONS_MAX, POLL_OPTIONS_MIN, type PollDraft, type PollForm, type PollPhase, type PollView, type QuizQuestion } from '../../protocol';

/** What the fields of the maker hold, for whichever form. */
export interface Typed {
  readonly kind: PollForm['kind'];
  readonly question: string;
  readonly options: readonly string[];
  readonly min: number;
  readonly max: number;
  /** From and to. */
  readonly scale: readonly [number, number];
  readonly words: number;
  readonly quiz: readonly TypedQuestion[];
  readonly answersMin: number;
}

export interface TypedQuestion {
  question: string;
  options: string[];
  right: number;
  seconds: number;
}

export const SCALES: readonly (readonly [number, number])[] = [[1, 5], [1, 10], [0, 10]];
export const MINIMA = [1, 3, 5, 10, 20] as const;

/** Trimmed, without empty lines; null: too few, too many, or two alike. */
function choices(typed: readonly string[]): string[] | null {
  const options = typed.map((one) => one.trim()).filter((one) => one !== '');
  if (options.length < POLL_OPTIONS_MIN || options.length > POLL_OPTIONS_MAX) return null;
  return new Set(options).size === options.length ? options : null;
}

/** A question of a quiz; null: not one yet. The right answer keeps its place where empty lines go. */
function quizQuestion(typed: TypedQuestion): QuizQuestion | null {
  const question = typed.question.trim();
  const options = choices(typed.options);
  const right = options?.indexOf(typed.options[typed.right]?.trim() ?? '') ?? -1;
  return question !== '' && options && right >= 0 ? { question, options, right, seconds: typed.seconds } : null;
}

/** What the server takes; null: not a poll yet. */
export function pollDraft(typed: Typed): PollDraft | null {
  const question = typed.question.trim();
  if (question === '') return null;
  const form = formOf(typed);
  if (typed.kind === 'quiz') {
    const quiz = typed.quiz.map(quizQuestion);
    const whole = quiz.filter((one) => one !== null);
    return whole.length > 0 && whole.length === quiz.length ? { question, form, quiz: whole } : null;
  }
  const base = { question, form, answers_min: typed.answersMin };
  if (typed.kind !== 'single' && typed.kind !== 'multiple' && typed.kind !== 'ranking') return base;
  const options = choices(typed.options);
  if (!options || (typed.kind === 'multiple' && (typed.min > typed.max || typed.max > options.length))) return null;
  return { ...base, options };
}

/** What the maker holds for a draft, so that it can be changed. */
export function typedOf({ question, form, options = [], quiz = [], answers_min: answersMin = POLL_ANSWERS_MIN_DEFAULT }: PollDraft): Typed {
  return {
    kind: form.kind,
    question,
    options,
    min: form.kind === 'multiple' ? form.min : 1,
    max: form.kind === 'multiple' ? form.max : 2,
    scale: form.kind === 'rating' ? [form.from, form.to] : [1, 5],
    words: form.kind === 'words' ? form.max : 1,
    quiz: quiz.map((one) => ({ ...one, options: [...one.options] })),
    answersMin,
  };
}

function formOf(typed: Typed): PollForm {
  switch (typed.kind) {
    case 'multiple':
      return { kind: 'multiple', min: typed.min, max: typed.max };
    case 'rating':
      return { kind: 'rating', from: typed.scale[0], to: typed.scale[1] };
    case 'words':
      return { kind: 'words', max: typed.words };
    default:
      return { kind: typed.kind };
  }
}

const RANK: Record<PollPhase, number> = { open: 0, closed: 1, draft: 3, revealed: 4 };

/** What runs first, then what everybody sees, then drafts in their order, then what was, the last first. */
export function deskOrder<P extends Pick<PollView, 'poll' | 'phase'>>(polls: readonly P[], onScreen: string | undefined): P[] {
  const rank = (one: P): number => (one.phase === 'revealed' && one.poll === onScreen ? 2 : RANK[one.phase]);
  const past = (one: P): boolean => rank(one) === RANK.revealed;
  const at = new Map(polls.map((one, n) => [one.poll, past(one) ? -n : n]));
  return [...polls].sort((a, b) => rank(a) - rank(b) || (at.get(a.poll) ?? 0) - (at.get(b.poll) ?? 0));
}

/** Shares of a revealed choice in whole percents: of votes, or of people where each could choose several. */
export function shares(poll: { readonly form: PollForm; readonly answers: number }, tally: readonly number[]): number[] {
  if (poll.form.kind !== 'multiple') return percents(tally);
  return tally.map((votes) => (poll.answers > 0 ? Math.round((votes * 100) / poll.answers) : 0));
}

/** Whole percents that sum to 100 where anybody answered: largest remainders go up. */
export function percents(tally: readonly number[]): number[] {
  const all = tally.reduce((sum, one) => sum + one, 0);
  if (all === 0) return tally.map(() => 0);
  const exact = tally.map((one) => (one * 100) / all);
  const whole = exact.map(Math.floor);
  let left = 100 - whole.reduce((sum, one) => sum + one, 0);
  const order = exact.map((value, i) => ({ i, rest: value - Math.floor(value) })).sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (const { i } of order) {
    if (left-- <= 0) break;
    whole[i] = (whole[i] ?? 0) + 1;
  }
  return whole;
}
