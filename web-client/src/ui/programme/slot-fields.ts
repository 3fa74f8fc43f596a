// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A slot as the fields of a form, and back. Pure but for the browser's zone.

import { SLOT_MINUTES_MAX, type AgendaSlot, type RoomId, type SlotDraft } from '../../protocol';
import { fromField, toField } from './zone';

export interface SlotFields {
  titleIt: string;
  titleEn: string;
  notesIt: string;
  notesEn: string;
  trackIt: string;
  trackEn: string;
  room: RoomId;
  starts: string;
  ends: string;
  /** The moments that the fields of time were filled with: an hour that the clock shows twice in autumn stays the one it is. */
  readonly was: { readonly starts: number; readonly ends: number };
  speakers: string;
  poll: string;
}

const HOUR_MS = 3_600_000;

/** The fields of a slot, or of a new one that begins with the next full hour. */
export function fieldsOf(slot: Partial<AgendaSlot> | null, room: RoomId, nowUnixMs: number): SlotFields {
  const starts = slot?.starts_unix_ms ?? Math.ceil(nowUnixMs / HOUR_MS) * HOUR_MS;
  const ends = slot?.ends_unix_ms ?? starts + HOUR_MS / 2;
  return {
    titleIt: slot?.title?.it ?? '', titleEn: slot?.title?.en ?? '', notesIt: slot?.notes?.it ?? '', notesEn: slot?.notes?.en ?? '',
    trackIt: slot?.track?.it ?? '', trackEn: slot?.track?.en ?? '', room: slot?.room ?? room, starts: toField(starts),
    ends: toField(ends), was: { starts, ends }, speakers: (slot?.speakers ?? []).join('\n'), poll: slot?.poll ?? '',
  };
}

const words = (it: string, en: string): { it?: string; en?: string } => ({
  ...(it.trim() ? { it: it.trim() } : {}), ...(en.trim() ? { en: en.trim() } : {}),
});

const moment = (field: string, was: number): number => (field === toField(was) ? was : (fromField(field) ?? 0));

/** The poll that a slot in that room may offer: polls belong to their room. */
export function pollIn(room: RoomId, slot: Partial<AgendaSlot> | null): string {
  return slot?.room === room ? (slot.poll ?? '') : '';
}

export function draftOf(fields: SlotFields): SlotDraft {
  return {
    room: fields.room,
    title: words(fields.titleIt, fields.titleEn),
    speakers: fields.speakers.split('\n').map((name) => name.trim()).filter(Boolean),
    starts_unix_ms: moment(fields.starts, fields.was.starts),
    ends_unix_ms: moment(fields.ends, fields.was.ends),
    track: words(fields.trackIt, fields.trackEn),
    notes: words(fields.notesIt, fields.notesEn),
    ...(fields.poll ? { poll: fields.poll } : {}),
  };
}

/** What the server would refuse, said before it is asked. */
export function faultOf(fields: SlotFields): 'needTitle' | 'needTimes' | null {
  const { title, starts_unix_ms, ends_unix_ms } = draftOf(fields);
  if (!title.it && !title.en) return 'needTitle';
  const lasts = ends_unix_ms - starts_unix_ms;
  return starts_unix_ms > 0 && lasts > 0 && lasts <= SLOT_MINUTES_MAX * 60_000 ? null : 'needTimes';
}
