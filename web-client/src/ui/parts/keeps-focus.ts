// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where a button goes away under the finger because the next step has others, the focus goes to the next step and does
// not fall to the page.

const STOPS = 'button:not([hidden]), input, textarea, select';

/**
 * For `{@attach keepsFocus}`: what carries `data-next`, else the first control inside, gets the focus that a removed one had, else
 * the element itself.
 */
export function keepsFocus(node: HTMLElement): () => void {
  return keep(node, false);
}

/** The same, but the first control of the nearest part that is left comes first; and what only moved keeps the focus. */
export function keepsFocusNear(node: HTMLElement): () => void {
  return keep(node, true);
}

function keep(node: HTMLElement, near: boolean): () => void {
  let last: HTMLElement | null = null;
  /** The parts that `last` stood in, the innermost first. */
  let around: HTMLElement[] = [];
  const into = (event: FocusEvent): void => {
    last = event.target as HTMLElement;
    around = [];
    for (let at = last.parentElement; near && at && at !== node && node.contains(at); at = at.parentElement) around.push(at);
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
    const next = moved ? last : (first([...left, node]) ?? node);
    last = null;
    next.focus();
  });
  watcher.observe(node, { childList: true, subtree: true, attributes: true, attributeFilter: ['hidden'] });
  node.addEventListener('focusin', into);
  node.addEventListener('focusout', out);
  if (!node.hasAttribute('tabindex')) node.tabIndex = -1;
  return () => {
    watcher.disconnect();
    node.removeEventListener('focusin', into);
    node.removeEventListener('focusout', out);
  };
}

function first(parts: readonly HTMLElement[]): HTMLElement | null {
  for (const part of parts) {
    const stop = part.querySelector<HTMLElement>('[data-next]') ?? part.querySelector<HTMLElement>(STOPS);
    if (stop) return stop;
  }
  return null;
}
