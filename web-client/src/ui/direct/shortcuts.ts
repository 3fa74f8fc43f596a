// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Shortcuts of the direction: Alt + Shift and a letter or digit by position, told in the same help and switched off
// with the same switch as all others.

import { shortcutsOn } from '../fair/shortcuts';
import type { Act } from './columns';

export type DirectAction =
  | Exclude<Act, 'back' | 'erase' | 'unarchive'> | 'merge'
  | 'undo' | 'acceptHand' | 'lowerHand' | 'putOnAir' | 'takeOff' | 'pollOpen' | 'pollReveal'
  | 'soundOff'
  | 'goHands' | 'goStage' | 'goQuestions' | 'goPolls' | 'goChat' | 'goRoom';

export const DIRECT_KEYS: readonly { action: DirectAction; code: string; keys: string }[] = [
  { action: 'publish', code: 'KeyE', keys: 'Alt + Shift + E' },
  { action: 'next', code: 'KeyN', keys: 'Alt + Shift + N' },
  { action: 'now', code: 'KeyJ', keys: 'Alt + Shift + J' },
  { action: 'answered', code: 'KeyW', keys: 'Alt + Shift + W' },
  { action: 'write', code: 'Digit7', keys: 'Alt + Shift + 7' },
  { action: 'followup', code: 'KeyU', keys: 'Alt + Shift + U' },
  { action: 'dismiss', code: 'KeyD', keys: 'Alt + Shift + D' },
  { action: 'edit', code: 'Digit8', keys: 'Alt + Shift + 8' },
  { action: 'merge', code: 'Digit9', keys: 'Alt + Shift + 9' },
  { action: 'archive', code: 'Digit0', keys: 'Alt + Shift + 0' },
  { action: 'undo', code: 'KeyZ', keys: 'Alt + Shift + Z' },
  { action: 'acceptHand', code: 'KeyI', keys: 'Alt + Shift + I' },
  { action: 'lowerHand', code: 'KeyY', keys: 'Alt + Shift + Y' },
  { action: 'putOnAir', code: 'KeyB', keys: 'Alt + Shift + B' },
  { action: 'takeOff', code: 'KeyT', keys: 'Alt + Shift + T' },
  { action: 'soundOff', code: 'Period', keys: 'Alt + Shift + .' },
  { action: 'pollOpen', code: 'KeyL', keys: 'Alt + Shift + L' },
  { action: 'pollReveal', code: 'KeyK', keys: 'Alt + Shift + K' },
  { action: 'goStage', code: 'Digit1', keys: 'Alt + Shift + 1' },
  { action: 'goHands', code: 'Digit2', keys: 'Alt + Shift + 2' },
  { action: 'goQuestions', code: 'Digit3', keys: 'Alt + Shift + 3' },
  { action: 'goPolls', code: 'Digit4', keys: 'Alt + Shift + 4' },
  { action: 'goChat', code: 'Digit5', keys: 'Alt + Shift + 5' },
  { action: 'goRoom', code: 'Digit6', keys: 'Alt + Shift + 6' },
];

type Pressed = Pick<KeyboardEvent, 'altKey' | 'shiftKey' | 'ctrlKey' | 'metaKey' | 'code'>;

/** The action of a key; null for keys that mean none, and while shortcuts are off. */
export function directAction(pressed: Pressed, on = shortcutsOn()): DirectAction | null {
  if (!on || !pressed.altKey || !pressed.shiftKey || pressed.ctrlKey || pressed.metaKey) return null;
  return DIRECT_KEYS.find((one) => one.code === pressed.code)?.action ?? null;
}
