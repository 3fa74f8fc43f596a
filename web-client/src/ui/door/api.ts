// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The few REST calls of the door.

import type { AgendaSlot, EventPhase, Localised, RefusalCode, Role } from '../../protocol';

export interface DoorView {
  event: string;
  title: string;
  titles?: Localised;
  phase: EventPhase;
  people: number;
  live: boolean;
  organiser?: string | null;
  starts_unix_ms?: number | null;
  agenda?: readonly AgendaSlot[];
  time_zone?: string | null;
  /** Rooms with their titles. */
  rooms?: readonly { room: string; titles: Localised }[];
}

export interface Guest {
  role: Role;
  name: string | null;
}

/** What the server answered: the thing itself, a refusal, or nothing at all. */
export type Answer<T> = { ok: true; value: T } | { ok: false; code: RefusalCode | null };

const path = (event: string): string => `/api/v1/events/${encodeURIComponent(event)}`;

export async function ask<T>(url: string, init?: RequestInit): Promise<Answer<T>> {
  try {
    const response = await fetch(url, { credentials: 'same-origin', ...init });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return { ok: true, value: body as T };
    const code = (body as { code?: RefusalCode } | null)?.code ?? null;
    return { ok: false, code: code ?? (response.status === 404 ? 'unknown_event' : null) };
  } catch {
    return { ok: false, code: null };
  }
}

export function getEvent(event: string): Promise<Answer<DoorView>> {
  return ask(path(event));
}

/** Exchanges a link token, or a guest's name, for the cookie of the event. */
export function openSession(event: string, who: { token?: string; name?: string }): Promise<Answer<Guest>> {
  return ask(`${path(event)}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(who),
  });
}

/** The room of a link such as `?room=main`, taken out of the address once: a reload stays where one went since. */
export function takeRoom(): string | null {
  const address = new URL(location.href);
  const room = address.searchParams.get('room');
  if (room === null) return null;
  address.searchParams.delete('room');
  history.replaceState(history.state, '', address);
  return room;
}

/** Takes the token out of the address, so that it is neither bookmarked nor sent on. */
export function takeToken(): string | null {
  const match = /^#t=(.+)$/.exec(location.hash);
  if (!match?.[1]) return null;
  history.replaceState(history.state, '', location.pathname + location.search);
  return decodeURIComponent(match[1]);
}
