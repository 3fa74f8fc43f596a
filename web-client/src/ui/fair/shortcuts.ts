// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Keyboard shortcuts: with modifiers, except `?`; all of them can be switched off (WCAG 2.1.4).

import { recall, remember } from '../memory';

export type Action =
  | 'help' | 'sound' | 'audioOnly' | 'fullScreen' | 'people' | 'mic' | 'cam'
  | 'panel' | 'chat' | 'questions' | 'polls' | 'hand' | 'react' | 'agenda' | 'captions' | 'understood';

/** Keys by position, so that Alt does not turn them into signs on a Mac. */
const LETTERS: Record<string, Exclude<Action, 'help'>> = {
  KeyS: 'sound', KeyA: 'audioOnly', KeyF: 'fullScreen', KeyP: 'people', KeyM: 'mic', KeyV: 'cam',
  KeyX: 'panel', KeyC: 'chat', KeyQ: 'questions', KeyO: 'polls', KeyH: 'hand', KeyR: 'react', KeyG: 'agenda', Comma: 'captions',
  Enter: 'understood',
};

/** What the help shows, in its order. */
export const SHORTCUTS: readonly { action: Action; keys: string; publishing: boolean }[] = [
  { action: 'help', keys: '?', publishing: false },
  { action: 'sound', keys: 'Alt + Shift + S', publishing: false },
  { action: 'audioOnly', keys: 'Alt + Shift + A', publishing: false },
  { action: 'fullScreen', keys: 'Alt + Shift + F', publishing: false },
  { action: 'panel', keys: 'Alt + Shift + X', publishing: false },
  { action: 'chat', keys: 'Alt + Shift + C', publishing: false },
  { action: 'questions', keys: 'Alt + Shift + Q', publishing: false },
  { action: 'polls', keys: 'Alt + Shift + O', publishing: false },
  { action: 'people', keys: 'Alt + Shift + P', publishing: false },
  { action: 'hand', keys: 'Alt + Shift + H', publishing: false },
  { action: 'react', keys: 'Alt + Shift + R', publishing: false },
  { action: 'agenda', keys: 'Alt + Shift + G', publishing: false },
  { action: 'captions', keys: 'Alt + Shift + ,', publishing: false },
  { action: 'mic', keys: 'Alt + Shift + M', publishing: true },
  { action: 'cam', keys: 'Alt + Shift + V', publishing: true },
  { action: 'understood', keys: 'Alt + Shift + Enter', publishing: true },
];

export function shortcutsOn(): boolean {
  return recall('shortcuts') !== 'off';
}

export function setShortcuts(on: boolean): void {
  remember('shortcuts', on ? 'on' : 'off');
}

export function actionOf(event: KeyboardEvent): Action | null {
  const target = event.target;
  if (target instanceof HTMLElement && target.closest('input:not([type=range],[type=checkbox]),textarea,select')) return null;
  if (event.key === '?' && !event.ctrlKey && !event.metaKey && !event.altKey) return 'help';
  if (event.altKey && event.shiftKey && !event.ctrlKey && !event.metaKey) return LETTERS[event.code] ?? null;
  return null;
}
