// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which page an address means. Texts about the site sit behind the hash, so that they work at any path.

/** Pages beside the fair; each is fetched only where it is opened. */
export type Beside = 'dashboard' | 'projector' | 'report' | 'privacy' | 'agenda' | 'ideas';
export type Route = { at: 'home' } | { at: 'event'; event: string } | { at: Beside; event: string };
export type TextPage = 'accessibility' | 'privacy' | null;

export function routeOf(pathname: string): Route {
  const [, event, beside] = /^\/e\/([a-z0-9-]{1,64})(?:\/(dashboard|projector|report|privacy|agenda|ideas))?\/?$/.exec(pathname) ?? [];
  return event ? { at: (beside as Beside | undefined) ?? 'event', event } : { at: 'home' };
}

export function textPageOf(hash: string): TextPage {
  return hash === '#accessibility' || hash === '#privacy' ? (hash.slice(1) as TextPage) : null;
}
