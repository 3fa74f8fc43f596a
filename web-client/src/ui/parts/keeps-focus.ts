// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where a button goes away under the finger because the next step has others, the focus goes to the next step and does
// not fall to the page.

const STOPS = 'button:not([hidden]), input, textarea, select';

/** Parts that keep the focus by themselves: the parts around them leave it to them as long as they are there. */
const keepers = new WeakSet<Element>();

/** Says that a part of the page keeps the focus in a way of its own. */
export function keepsItself(node: Element): void {
  keepers.add(node);
}

/**
 * For `{@attach keepsFocus}`: what carries `data-next`, else the first control inside, gets the focus that a removed one had, else
 * the element itself.
 */
export function keepsFocus(node: HTMLElement): () => void {
  return keep(node, false, true);
}

/** The same, but the first control of the nearest part that is left comes first; and what only moved keeps the focus. */
export function keepsFocusNear(node: HTMLElement): () => void {
  return keep(node, true, true);
}

/** The nearest part too, but then the element itself: whoever reads goes on from its beginning. */
export function keepsFocusHere(node: HTMLElement): () => void {
  return keep(node, true, false);
}

function keep(node: HTMLElement, near: boolean, enters: boolean): () => void {
  let last: HTMLElement | null = null;
  /** The parts that `last` stood in, the innermost first. */
  let around: HTMLElement[] = [];
  const into = (event: FocusEvent): void => {
    last = event.target as HTMLElement;
    around = [];
    for (let at: HTMLElement | null = last; at && at !== node && node.contains(at); at = at.parentElement) around.push(at);
  };
  // Leaving by itself is a choice; being removed fires no such event in time.
  const out = (event: FocusEvent): void => {
    if (event.relatedTarget) last = null;
  };
  const watcher = new MutationObserver((changes) => {
    if (!last) return;
    const there = last.isConnected && !last.closest('[hidden]');
    const moved = near && there && changes.some(({ removedNodes }) => [...removedNodes].some((one) => one.contains(last)));
    if (there && !moved) return;
    if (document.activeElement && document.activeElement !== document.body) return;
    const left = around.filter((part) => part.isConnected);
    if (left.some((part) => keepers.has(part))) return;
    const back = last;
    last = null;
    if (moved) back.focus();
    else if (!goesTo([...(near ? left : []), ...(enters ? [node] : [])])) node.focus();
  });
  watcher.observe(node, { childList: true, subtree: true, attributes: true, attributeFilter: ['hidden'] });
  node.addEventListener('focusin', into);
  node.addEventListener('focusout', out);
  keepers.add(node);
  if (!node.hasAttribute('tabindex')) node.tabIndex = -1;
  return () => {
    watcher.disconnect();
    node.removeEventListener('focusin', into);
    node.removeEventListener('focusout', out);
  };
}

/** Puts the focus on the first thing of the first of these parts that takes it. What is shut or out of sight does not. */
function goesTo(parts: readonly HTMLElement[]): boolean {
  for (const part of parts) {
    const own = part.matches('[data-next]') ? [part] : [];
    for (const stop of [...own, ...part.querySelectorAll<HTMLElement>('[data-next]'), ...part.querySelectorAll<HTMLElement>(STOPS)]) {
      stop.focus();
      if (document.activeElement === stop) return true;
    }
  }
  return false;
}
