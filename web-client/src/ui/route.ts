// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which page an address means. Texts about the site sit behind the hash, so that they work at any path.

/** Pages beside the fair; each is fetched only where it is opened. */
export type Beside = 'dashboard' | 'projector' | 'report' | 'privacy' | 'agenda' | 'ideas';
export type Route = { at: 'home' } | { at: 'event'; event: string } | { at: Beside; event: string };
export type TextPage = 'accessibility' | 'privacy' | null;

export function routeOf(pathname: string): Route {
  // Addresses are typed from posters too: capital letters mean the small ones.
  const [, event, beside] = /^\/e\/([a-z0-9-]{1,64})(?:\/(dashboard|projector|report|privacy|agenda|ideas))?\/?$/.exec(pathname.toLowerCase()) ?? [];
  return event ? { at: (beside as Beside | undefined) ?? 'event', event } : { at: 'home' };
}

export function textPageOf(hash: string): TextPage {
  return hash === '#accessibility' || hash === '#privacy' ? (hash.slice(1) as TextPage) : null;
}

/** Where the event of this page is; the home page where there is none. */
export function eventAddress(pathname: string = location.pathname): string {
  const route = routeOf(pathname);
  return route.at === 'home' ? '/' : `/e/${route.event}`;
}
