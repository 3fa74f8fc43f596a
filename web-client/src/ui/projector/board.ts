// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The public board of a room, asked for once a second without any token or cookie. A lost network keeps the last board.

import type { AgendaSlot, EventPhase, Localised, Outcome, PollForm, PollPhase, QuizView, StageShow } from '../../protocol';
import type { Clock, Timer } from '../../session/world';

export interface BoardQuestion {
  readonly text: string;
  readonly by: string | null;
  readonly upvotes: number;
}

/** A lower third that is shown: a name on air and the line under it. */
export interface BoardLine {
  readonly name: string;
  readonly title: string;
}

export interface Board {
  readonly event: string;
  readonly title: string;
  readonly titles: Localised;
  readonly phase: EventPhase;
  readonly room: string;
  readonly room_title: string;
  readonly room_titles: Localised;
  /** In the room. */
  readonly people: number;
  readonly show: StageShow;
  readonly lines: readonly BoardLine[];
  readonly now: BoardQuestion | null;
  readonly next: readonly BoardQuestion[];
  readonly poll: {
    readonly question: string;
    readonly options: readonly string[];
    readonly phase: PollPhase;
    readonly answers: number;
    readonly tally?: readonly number[] | null;
    readonly form: PollForm;
    readonly answers_min: number;
    readonly outcome: Outcome | null;
    readonly quiz: QuizView | null;
  } | null;
  /** Notes of a breakout room that are read out. */
  readonly cards?: {
    readonly title: string;
    readonly topic: string | null;
    /** Which of the rooms with notes it is, from 1. */
    readonly number: number;
    readonly rooms: number;
    readonly notes: readonly { readonly text: string; readonly by: string; readonly votes: number }[];
  } | null;
  /** Slots that take place, in order of time, and the rooms they are in. */
  readonly agenda?: readonly Pick<AgendaSlot, 'room' | 'title' | 'speakers' | 'starts_unix_ms' | 'ends_unix_ms'>[];
  readonly rooms?: readonly { readonly room: string; readonly titles: Localised }[];
  /** How far the server's clock is ahead of this browser's, milliseconds; as good as a second. */
  readonly ahead_ms?: number;
}

export const BOARD_EVERY_MS = 1_000;
/** Misses in a row after which the page says that it is not up to date. */
export const MISSES_TOLD = 3;

export function boardAddress(event: string, room: string | null): string {
  const query = room === null ? '' : `?room=${encodeURIComponent(room)}`;
  return `/api/v1/events/${encodeURIComponent(event)}/board${query}`;
}

/** Null: no answer, or none that can be used. */
export async function loadBoard(address: string): Promise<Board | null> {
  try {
    const response = await fetch(address, { credentials: 'omit', cache: 'no-store', signal: AbortSignal.timeout(5_000) });
    if (!response.ok) return null;
    const served = Date.parse(response.headers.get('date') ?? '');
    // The header has whole seconds: half of one is nearest on average.
    const ahead_ms = Number.isNaN(served) ? 0 : served + 500 - Date.now();
    return { ...((await response.json()) as Board), ahead_ms };
  } catch {
    return null;
  }
}

/** Asks again and again, one question at a time, until `stop`. */
export class BoardWatch {
  readonly #load: () => Promise<Board | null>;
  readonly #clock: Clock;
  readonly #told: (board: Board | null, lost: boolean) => void;
  #board: Board | null = null;
  #misses = 0;
  #timer: Timer | null = null;
  #stopped = false;

  constructor(load: () => Promise<Board | null>, clock: Clock, told: (board: Board | null, lost: boolean) => void) {
    this.#load = load;
    this.#clock = clock;
    this.#told = told;
  }

  async start(): Promise<void> {
    const board = await this.#load();
    if (this.#stopped) return;
    this.#misses = board ? 0 : this.#misses + 1;
    this.#board = board ?? this.#board;
    this.#told(this.#board, this.#misses >= MISSES_TOLD);
    this.#timer = this.#clock.after(BOARD_EVERY_MS, () => void this.start());
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) this.#clock.cancel(this.#timer);
  }
}

/**
 * What fills the screen: a poll that is open; notes that a moderator reads out; a poll until a moderator takes it off, so
 * that the hall sees what it voted; then that the talk resumes shortly, while nothing comes from the stage; then a question.
 */
export function mainOf(board: Board): 'poll' | 'cards' | 'resuming' | 'question' | 'waiting' {
  if (board.cards && board.poll?.phase !== 'open') return 'cards';
  if (board.poll) return 'poll';
  if (board.show.resuming) return 'resuming';
  return board.now ? 'question' : 'waiting';
}

type Notes = NonNullable<Board['cards']>['notes'];

/** Sizes of writing for notes, the largest first, and how high a column of them may be, in the measure of the wall. */
const SIZES = [2.4, 2, 1.6];
const COLUMN_HIGH = 33;
const COLUMN_WIDE = 30;
/** Lines of one note that are shown; none of them is blank. */
const LINES_MAX = 6;

function capped(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(0, LINES_MAX).join('\n') + (lines.length > LINES_MAX ? ' …' : '');
}

/** In two columns, best supported first, as large as all fit; else as many as fit in the smallest writing. */
export function inColumns(all: Notes): { size: number; columns: [Notes, Notes]; left: number } {
  const notes = all.map((note) => ({ ...note, text: capped(note.text) }));
  let filled = { size: 0, columns: [[], []] as [Notes[number][], Notes[number][]], left: notes.length };
  for (const size of SIZES) {
    const perLine = Math.floor(COLUMN_WIDE / (size * 0.46));
    const high: [number, number] = [0, 0];
    filled = { size, columns: [[], []], left: notes.length };
    for (const note of notes) {
      const lines = note.text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / perLine)), 0);
      const at = high[0] <= high[1] ? 0 : 1;
      // Its name and votes, and the room around it.
      const after = high[at] + (lines + 0.9) * size * 1.2 + 4;
      if (after > COLUMN_HIGH) continue;
      high[at] = after;
      filled.columns[at].push(note);
      filled.left -= 1;
    }
    if (filled.left === 0) break;
  }
  return filled;
}
