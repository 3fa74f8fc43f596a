// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What must stand on a page state for its picture to be of that state: parts that are fetched later come a moment after
// the rest, and one that never comes must not go unseen. Pure.

import type { PageState } from './index';

const PANELS: Partial<Record<string, string>> = {
  direct: 'direct', stands: 'stands', transcript: 'transcript', captioning: 'caption-lang', notes: 'notes',
};

/** Selectors that must be found: those of what the state opens, and the one that it names itself. */
export function expected(state: PageState): string[] {
  const of = (testid: string): string => `[data-testid="${testid}"]`;
  const named = 'expects' in state && state.expects ? [of(state.expects)] : [];
  if (state.page !== 'fair') return named;
  const { fair, opened, agendaOpen, slotAdding, ideasOpen, keysOpen } = state.props;
  const panel = opened ? PANELS[opened] : undefined;
  return [
    ...named,
    ...(agendaOpen ? [of('agenda-dialog')] : []),
    ...(slotAdding ? [of('slot-form')] : []),
    ...(ideasOpen ? [of('ideas-dialog')] : []),
    ...(ideasOpen === 'write' ? [of('idea-form')] : []),
    ...(keysOpen ? [of('keys-dialog')] : []),
    ...(panel ? [of(panel)] : []),
    ...(fair?.state.room?.cards_shown ? [of('notes-banner')] : []),
    ...(fair?.state.event?.breakout ? [of('breakout-banner')] : []),
  ];
}
