// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Keeps the keyboard's place in lists whose items move away: when the item with the focus is gone, the focus goes to
// the one that took its place, else to the heading of the part; what has the focus in sight stays in sight when the part
// grows above it. Never takes a focus that is somewhere else.

import { keepsItself } from '../parts/keeps-focus';
import { neighbour } from './columns';

/** For a part of the page whose items carry `data-item` within lists that carry `data-list`. */
export function keepsFocus(part: HTMLElement): () => void {
  let list: string | null = null;
  let item: string | null = null;
  let index = 0;
  let inSight = false;

  const itemsOf = (name: string): HTMLElement[] => {
    const lists = [...part.querySelectorAll<HTMLElement>('[data-list]')].filter((one) => one.dataset['list'] === name);
    return lists.flatMap((one) => [...one.querySelectorAll<HTMLElement>('[data-item]')]);
  };
  const focused = (): Element | null => {
    const { activeElement } = document;
    return activeElement && part.contains(activeElement) ? activeElement : null;
  };
  /** Who scrolled away from it wants to read something else. */
  const scrolled = (): void => {
    const at = focused();
    if (!at) return;
    const { left, top, width, height } = at.getBoundingClientRect();
    const shown = document.elementFromPoint(left + width / 2, top + height / 2);
    inSight = shown !== null && (at.contains(shown) || shown.contains(at));
  };
  const noted = ({ target }: FocusEvent): void => {
    const at = target instanceof HTMLElement ? target.closest<HTMLElement>('[data-item]') : null;
    list = at?.closest<HTMLElement>('[data-list]')?.dataset['list'] ?? null;
    item = at?.dataset['item'] ?? null;
    if (at && list) index = itemsOf(list).indexOf(at);
    inSight = true;
  };
  const left = ({ relatedTarget }: FocusEvent): void => {
    if (relatedTarget instanceof Node && !part.contains(relatedTarget)) list = null;
  };
  const changed = (): void => {
    if (inSight) focused()?.scrollIntoView({ block: 'nearest' });
    const { activeElement } = document;
    if (list === null || (activeElement !== null && activeElement !== document.body)) return;
    const items = itemsOf(list);
    const target = items.find((one) => one.dataset['item'] === item) ?? neighbour(items, index);
    const stop = target?.querySelector<HTMLElement>('button, input, select') ?? part.querySelector<HTMLElement>('[data-part]');
    stop?.focus();
  };

  keepsItself(part);
  part.addEventListener('focusin', noted);
  part.addEventListener('focusout', left);
  document.addEventListener('scroll', scrolled, { capture: true, passive: true });
  const observer = new MutationObserver(changed);
  observer.observe(part, { childList: true, subtree: true });
  return () => {
    observer.disconnect();
    part.removeEventListener('focusin', noted);
    part.removeEventListener('focusout', left);
    document.removeEventListener('scroll', scrolled, { capture: true });
  };
}

/** Puts the focus on what has just opened because somebody asked for it. */
export function takesFocus(node: HTMLElement): void {
  node.focus();
}

/** Gives what opened a form the focus that was lost with the form: one that is elsewhere by now stays there. */
export function takesFocusBack(node: HTMLElement): void {
  const { activeElement } = document;
  if (activeElement === null || activeElement === document.body) node.focus();
}
