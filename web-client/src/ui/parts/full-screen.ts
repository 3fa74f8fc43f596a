// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which of several live regions speaks: one at a time, and one that is within what fills the screen. Pure.

/**
 * `full`: what fills the screen; `region`: one of the two texts. A region of a dialog (`own`) speaks always: it is on top of everything.
 * One made for full screen (`onlyFull`) speaks only while the element right around it fills the screen.
 */
export function speaksIn(full: Pick<Node, 'contains'> | null, region: Node | null, own: boolean, onlyFull: boolean): boolean {
  if (onlyFull) return full !== null && region?.parentElement === full;
  return own || full === null || (region !== null && full.contains(region));
}
