// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The public board of ideas as the server gives it to anybody, and as the recap has it.

import type { IdeaStage } from '../../protocol';

export interface IdeaRow {
  readonly number: number;
  readonly title: string;
  readonly notes: string | null;
  readonly by: string | null;
  readonly presents: boolean;
  readonly stage: IdeaStage;
  readonly note: string | null;
  readonly starts_unix_ms: number | null;
  readonly merged_into: number | null;
  readonly votes: number;
}

export const COLUMNS: readonly IdeaStage[] = ['proposed', 'planned', 'refused', 'done'];

/** What an idea became part of, by its title; null: it stands for itself. */
export function wholeOf(ideas: readonly IdeaRow[], idea: IdeaRow): string | null {
  if (idea.merged_into === null) return null;
  return ideas.find((one) => one.number === idea.merged_into)?.title ?? '';
}

/** Ideas of a stage, the best supported first; what became part of another one is left out. */
export function inColumn(ideas: readonly IdeaRow[], stage: IdeaStage): IdeaRow[] {
  return ideas.filter((one) => one.stage === stage && one.merged_into === null).sort((a, b) => b.votes - a.votes || a.number - b.number);
}
