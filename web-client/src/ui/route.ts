// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which page an address means. Texts about the site sit behind the hash, so that they work at any path.

export type Route = { at: 'home' } | { at: 'event'; event: string };
export type TextPage = 'accessibility' | 'privacy' | null;

export function routeOf(pathname: string): Route {
  const event = /^\/e\/([a-z0-9-]{1,64})\/?$/.exec(pathname)?.[1];
  return event ? { at: 'event', event } : { at: 'home' };
}

export function textPageOf(hash: string): TextPage {
  return hash === '#accessibility' || hash === '#privacy' ? (hash.slice(1) as TextPage) : null;
}
