// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Where a button goes away under the finger because the next step has others, the focus goes to the next step and does
// not fall to the page.

/** For `{@attach keepsFocus}`: the first control inside gets the focus that a removed one had, else the element itself. */
export function keepsFocus(node: HTMLElement): () => void {
  let last: Element | null = null;
  const into = (event: FocusEvent): void => {
    last = event.target as Element;
  };
  // Leaving by itself is a choice; being removed fires no such event in time.
  const out = (event: FocusEvent): void => {
    if (event.relatedTarget) last = null;
  };
  const watcher = new MutationObserver(() => {
    if (!last || (last.isConnected && !last.closest('[hidden]'))) return;
    last = null;
    if (document.activeElement && document.activeElement !== document.body) return;
    const next = node.querySelector<HTMLElement>('[data-next], button:not([hidden]), input, textarea, select');
    (next ?? node).focus();
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
