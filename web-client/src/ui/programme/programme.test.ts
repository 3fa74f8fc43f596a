// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { expect, test, vi } from 'vitest';
import { agendaAt, nowAndNext } from '../../state/agenda';
import type { AgendaSlot } from '../../protocol';
import { wholeOf, type IdeaRow } from './board';
import { picksOf } from './calendar';
import { draftOf, faultOf, fieldsOf, pollIn } from './slot-fields';
import { fromField, otherZone, toField } from './zone';

const event = (uid: string, more = ''): string => `BEGIN:VEVENT\r\n${more}UID:${uid}\r\nSUMMARY:x\r\nEND:VEVENT\r\n`;
const whole = (events: string): string => `BEGIN:VCALENDAR\r\nVERSION:2.0\r\n${events}END:VCALENDAR\r\n`;

test('pr5 a calendar of picks has those and nothing else of the whole', () => {
  const all = whole(event('a') + event('b', 'DESCRIPTION:END:VEVENT UID:c\\nBEGIN:VEVENT\r\n') + event('c'));
  expect(picksOf(all, new Set(['b']))).toBe(whole(event('b', 'DESCRIPTION:END:VEVENT UID:c\\nBEGIN:VEVENT\r\n')));
  expect(picksOf(all, new Set())).toBe(whole(''));
});

test('pr5 an id that was folded is found', () => {
  const folded = whole('BEGIN:VEVENT\r\nUID:7a1c\r\n 2e4f\r\nEND:VEVENT\r\n');
  expect(picksOf(folded, new Set(['7a1c2e4f']))).toBe(folded);
});

test('the zone of the event is named where its clock shows something else', () => {
  const at = Date.UTC(2026, 6, 1, 12);
  expect(otherZone('Europe/London', 'Europe/Rome', at)).toBe('Europe/Rome');
  expect(otherZone('Europe/Berlin', 'Europe/Rome', at)).toBeNull();
  expect(otherZone('Europe/Berlin', null, at)).toBeNull();
  expect(otherZone('Europe/Berlin', 'Nowhere/Atlantis', at)).toBeNull();
});

test('a field of the form gives back the moment it was filled with', () => {
  const at = Date.UTC(2026, 8, 21, 14, 15);
  expect(fromField(toField(at))).toBe(at);
  expect(fromField('')).toBeNull();
});

test('clocks that differ in summer alone do not differ in winter', () => {
  const [winter, summer] = [Date.UTC(2026, 0, 12, 9), Date.UTC(2026, 6, 13, 9)];
  expect(otherZone('Africa/Lagos', 'Europe/Rome', winter)).toBeNull();
  expect(otherZone('Africa/Lagos', 'Europe/Rome', summer)).toBe('Europe/Rome');
});

test('an hour that the clock shows twice in autumn stays the one it is while nobody touches its field', () => {
  vi.stubEnv('TZ', 'Europe/Rome');
  const second = Date.UTC(2026, 9, 25, 1, 30);
  const fields = fieldsOf(slot('a', second, second + 600_000), 'stage', second);
  expect(fields.starts).toBe('2026-10-25T02:30');
  expect(fromField(fields.starts)).not.toBe(second);
  expect(draftOf(fields)).toMatchObject({ starts_unix_ms: second, ends_unix_ms: second + 600_000 });
  fields.ends = '2026-10-25T03:00';
  expect(draftOf(fields)).toMatchObject({ starts_unix_ms: second, ends_unix_ms: Date.UTC(2026, 9, 25, 2) });
  vi.unstubAllEnvs();
});

test('pr13 of an idea that was united with another one, that one is named', () => {
  const row = (number: number, merged_into: number | null): IdeaRow => ({
    number, title: `Idea ${number}`, notes: null, by: null, presents: false, stage: 'proposed', note: null, starts_unix_ms: null, merged_into, votes: 0,
  });
  const all = [row(1, null), row(2, 1), row(3, 9)];
  expect(all.map((one) => wholeOf(all, one))).toEqual([null, 'Idea 1', '']);
});

test('pr3 a slot that goes to another room leaves its poll behind, and has it again back where it was', () => {
  const known = slot('a', 0, 1, { poll: 'p' });
  expect(pollIn('lobby', known)).toBe('');
  expect(pollIn('stage', known)).toBe('p');
  expect(pollIn('stage', null)).toBe('');
});

const slot = (id: string, starts: number, ends: number, over: Partial<AgendaSlot> = {}): AgendaSlot => ({
  slot: id, room: 'stage', title: { en: id }, speakers: [], starts_unix_ms: starts, ends_unix_ms: ends, revision: 0, ...over,
});

test('what is cancelled is neither now nor next', () => {
  const agenda = [slot('a', 0, 10, { cancelled: true }), slot('b', 0, 10), slot('c', 20, 30, { cancelled: true }), slot('d', 25, 30)];
  expect(agendaAt(agenda, 5).map((one) => one.when)).toEqual(['cancelled', 'now', 'cancelled', 'next']);
  expect(nowAndNext(agenda, 5).now.map((one) => one.slot)).toEqual(['b']);
  expect(nowAndNext(agenda, 5).next.map((one) => one.slot)).toEqual(['d']);
});

test('pr1 pr3 a slot goes through the form unchanged, and faults are told before it is sent', () => {
  const at = Date.UTC(2026, 8, 21, 14, 15);
  const known = slot('a', at, at + 3_600_000, { speakers: ['Ada', 'Bea'], notes: { it: 'Due\nrighe' }, track: { en: 'Practice', it: 'Pratica' }, poll: 'p' });
  const fields = fieldsOf(known, 'stage', at);
  expect(draftOf(fields)).toEqual({
    room: 'stage', title: { en: 'a' }, speakers: ['Ada', 'Bea'], starts_unix_ms: at, ends_unix_ms: at + 3_600_000,
    track: { en: 'Practice', it: 'Pratica' }, notes: { it: 'Due\nrighe' }, poll: 'p',
  });
  expect(faultOf(fields)).toBeNull();
  expect(faultOf({ ...fields, titleEn: ' ' })).toBe('needTitle');
  expect(faultOf({ ...fields, ends: fields.starts })).toBe('needTimes');
});
