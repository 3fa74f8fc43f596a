// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What is left of an event, as the server tells it, and the few sums of the report. Pure, but for asking.

import type { ExportedStand } from '../../state/stands';
import type { IdeaRow } from '../programme/board';
import type { Announcement, CurvePoint, EventPhase, Localised, PollView, QuestionStage } from '../../protocol';
import { ask, type Answer } from '../door/api';

export interface RecapQuestion {
  readonly text: string;
  readonly by: string | null;
  readonly stage: QuestionStage;
  readonly note: string | null;
  /** Until when it is followed up, days since 1970. */
  readonly due_day: number | null;
  readonly answer: string | null;
  readonly upvotes: number;
}

export interface Recap {
  readonly event: string;
  readonly title: string;
  readonly titles: Localised;
  readonly organiser: string | null;
  readonly phase: EventPhase;
  /** Null: fewer than 10. */
  readonly peak: number | null;
  readonly curve: readonly CurvePoint[];
  readonly announcements: readonly Announcement[];
  readonly rooms: readonly {
    readonly room: string;
    readonly title: string;
    readonly titles: Localised;
    readonly questions: readonly RecapQuestion[];
    readonly polls: readonly PollView[];
    /** What was said, by language; absent where captions were not kept. */
    readonly transcripts?: readonly { readonly lang: string; readonly lines: readonly string[] }[];
  }[];
  /** Ideas and what became of them; thanks that are shown. Absent from a report of an earlier version. */
  readonly ideas?: readonly IdeaRow[];
  readonly thanks?: readonly { readonly to: string; readonly by: string; readonly text: string | null }[];
  /** What breakout rooms wrote down; absent from a report of an earlier version. */
  readonly breakouts?: readonly {
    readonly title: string;
    readonly topic: string | null;
    readonly cards: readonly { readonly text: string; readonly by: string; readonly votes: number }[];
  }[];
  /** Stands with their practice cards; absent from a report of an earlier version. */
  readonly stands?: readonly ExportedStand[];
}

/** Of a question that was promised an answer: with a note, whether it is kept by now or not. */
export function isPromise(question: RecapQuestion): boolean {
  return question.note !== null && (question.stage === 'follow_up' || question.stage === 'answered');
}

export function recapAddress(event: string, format?: 'md'): string {
  return `/api/v1/events/${encodeURIComponent(event)}/recap${format ? `.${format}` : ''}`;
}

export function pollsCsvAddress(event: string): string {
  return `/api/v1/events/${encodeURIComponent(event)}/polls.csv`;
}

export function getRecap(event: string): Promise<Answer<Recap>> {
  return ask<Recap>(recapAddress(event));
}
