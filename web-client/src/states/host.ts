// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Page states of those who run the event: direction, dashboard, projector, report, and what is stored.

import { breakout, emptyRooms, manyNotes, notes, oneRound, rehearsing, round, unseated } from './breakouts';
import type { Component } from 'svelte';
import type { CurvePoint, HandView, LiveNumbers, ModeratorsView, PollView, QuestionView } from '../protocol';
import MissingPart from './MissingPart.svelte';
import Stored from '../ui/about/Stored.svelte';
import Dashboard from '../ui/dashboard/Dashboard.svelte';
import type { Board } from '../ui/projector/board';
import Projector from '../ui/projector/Projector.svelte';
import type { Recap } from '../ui/report/recap';
import AgendaView from '../ui/programme/AgendaView.svelte';
import IdeasBoard from '../ui/programme/IdeasBoard.svelte';
import Report from '../ui/report/Report.svelte';
import type { PromisesModel } from '../ui/report/promises.svelte';
import { agenda, cloud, cloudShown, quiz, quizShown, ranking, rankingShown, rating, ratingShown, textsShown, ideaRows, shownThanks } from './attendee';
import { stageShow } from '../testing/views';
import { NOW_MS, fair } from './fixtures';

/** A page that brings its own component. */
export interface PartState {
  readonly page: 'part';
  readonly component: unknown;
  readonly props: object;
}

const part = <P extends object>(component: Component<P>, props: P): PartState => ({ page: 'part', component, props });

let order = 0;
const question = (id: string, text: string, over: Partial<QuestionView> = {}): QuestionView => ({
  question: id, text, by: null, stage: 'pending', note: null, upvotes: 0, at_unix_ms: NOW_MS, order: (order += 1), ...over,
});

export const HIDDEN: QuestionView[] = [
  question('q1', 'Come gestite i segreti nelle pipeline quando più enti condividono lo stesso cluster?', { by: 'Lia Conti' }),
  question('q2', 'C’è un modello di capitolato che si possa riusare?'),
  question('q3', 'Compro follower a poco prezzo', { stage: 'dismissed', note: 'pubblicità' }),
];
export const SHOWN: QuestionView[] = [
  question('q4', 'Come tornate indietro se un rilascio va male?', { by: 'Marco Gallo', stage: 'now', upvotes: 41 }),
  question('q5', 'Quanto costa tenerlo in funzione per un ente piccolo?', {
    stage: 'next', upvotes: 23, labels: ['l1'], assigned: { participant: 'ada', name: 'Ada Bianchi' }, merged: 2,
  }),
  question('q6', 'Possiamo riusare i vostri moduli?', { by: 'Irene Fontana', stage: 'published', upvotes: 11 }),
  question('q7', 'Il codice è pubblico?', { by: 'Ugo Serra', stage: 'answered', upvotes: 18, answer: 'Sì, tutto: il collegamento è nelle slide.' }),
  question('q8', 'Ci sarà un corso nei prossimi mesi?', { stage: 'follow_up', note: 'Ufficio formazione', due_day: 20_790, upvotes: 9 }),
];
const hands: HandView[] = [
  { participant: 'h1', name: 'Sara Lombardi', topic: 'La nostra esperienza con il ritorno alla versione di prima', stage: 'raised' },
  { participant: 'h2', name: 'Tommaso Villa', topic: null, stage: 'raised', away: true },
  { participant: 'carla', name: 'Carla Neri', topic: 'Una domanda sui costi', stage: 'accepted' },
];
const pollOf = (poll: string, over: Partial<PollView> = {}): PollView => ({
  poll, question: 'Quanto spesso rilasciate in produzione?', options: ['Ogni giorno', 'Ogni settimana', 'Ogni mese', 'Più di rado'],
  phase: 'draft', answers: 0, tally: null, form: { kind: 'single' }, answers_min: 3, outcome: null, quiz: null, ...over,
});
const running = pollOf('p1', { phase: 'open', answers: 187 });
const results = pollOf('p2', { question: 'Da dove seguite?', options: ['Nord', 'Centro', 'Sud e isole'], phase: 'revealed', answers: 240, tally: [96, 88, 56] });
const polls = [results, running, pollOf('p3', { question: 'Volete una seconda giornata?', options: ['Sì', 'No'] })];
const chat = [
  { message: 'm1', by: 'Ugo Serra', participant: 'u', text: 'Buongiorno a tutti da Torino!', at_unix_ms: NOW_MS },
  { message: 'm2', by: 'Venditore', participant: 'v', text: 'Offerta imperdibile, scrivetemi', at_unix_ms: NOW_MS },
];
const settings = { moderated: true, chat_open: true, slow_mode_s: 10 };

/** Polls of other forms on the direction's page: a quiz that runs, a cloud with its words. */
export const formsDesk: Partial<ModeratorsView> = {
  polls: [
    pollOf('p4', { ...quiz, poll: 'p4' }), pollOf('p5', { ...cloud, poll: 'p5', phase: 'closed' }),
    pollOf('p6', { ...ranking, poll: 'p6', phase: 'draft', answers: 0 }), pollOf('p7', { ...rating, poll: 'p7', phase: 'draft', answers: 0 }),
  ],
  entries: { poll: 'p5', entries: ['caffè', 'persone', 'una parolaccia', 'tempo'].map((text, n) => ({ entry: text, text, shown: n !== 2 })) },
};

/** What the direction shows beside the streams that everybody follows. */
export const desk: Partial<ModeratorsView> = {
  questions: HIDDEN, hands, polls,
  restricted: [{ participant: 'v', name: 'Venditore', silenced: true, banned: false }],
};
export const directed = { questions: SHOWN, labels: [{ label: 'l1', text: 'Costi' }, { label: 'l2', text: 'Riuso' }], pinned: chat.slice(0, 1), chat, poll: running, hands: 2, settings };
export const countdown = { countdowns: [{ participant: 'carla', at_unix_ms: NOW_MS + 7_000 }] };

const START_MIN = Math.floor(NOW_MS / 60_000) - 90;
const curve: CurvePoint[] = Array.from({ length: 91 }, (_, i) => ({
  unix_min: START_MIN + i,
  people: i < 4 ? null : Math.round(330 / (1 + Math.exp(-(i - 22) / 6)) - (i > 60 ? (i - 60) / 1.8 : 0) + 6 * Math.sin(i)),
  joins: i < 2 ? null : Math.max(0, Math.round(26 * Math.exp(-((i - 20) ** 2) / 160) + 2 * Math.sin(i * 1.7) + 1)),
}));
const numbers: LiveNumbers = {
  people: 312, peak: 341, peak_unix_ms: NOW_MS - 32 * 60_000, joined_5_min: 18, reconnects_5_min: 4,
  rooms: [
    { room: 'stage', people: 283, on_air: 2, hands: 2, open_questions: 5, quality: 'good' },
    { room: 'stand-k8s', people: 18, on_air: 1, hands: 0, open_questions: 2, quality: 'poor' },
    { room: 'stand-rpa', people: 6, on_air: 1, hands: 0, open_questions: 0, quality: null },
    { room: 'lobby', people: 5, on_air: 0, hands: 0, open_questions: 0, quality: null },
  ],
};
/** The network is bad: one room is hit hard, another one somewhat, of a third it is not known yet. */
const troubled: LiveNumbers = {
  ...numbers,
  rooms: numbers.rooms.map((one, at) => ({
    ...one, people: 60 + one.people, on_air: 1, quality: (['poor', 'fair', null, 'good'] as const)[at] ?? null,
  })),
};
const nobody: LiveNumbers = {
  ...numbers, people: 1, peak: 1, peak_unix_ms: null, joined_5_min: 1, reconnects_5_min: 0,
  rooms: numbers.rooms.map((one) => ({ ...one, people: 0, on_air: 0, hands: 0, open_questions: 0, quality: null })),
};

const board: Board = {
  event: 'demo', title: 'Fiera Digitale DevOps 2026', titles: {}, phase: 'live', people: 312,
  room: 'stage', room_title: 'Palco principale', room_titles: {},
  show: stageShow(), lines: [{ name: 'Ada Bianchi', title: 'Responsabile sviluppo, Comune di Esempio' }, { name: 'Bruno De Santis Marchetti', title: 'Regione Esempio' }],
  now: { text: SHOWN[0]?.text ?? '', by: 'Marco Gallo', upvotes: 41 },
  next: [{ text: SHOWN[1]?.text ?? '', by: null, upvotes: 23 }, { text: SHOWN[2]?.text ?? '', by: 'Irene Fontana', upvotes: 11 }],
  poll: null,
};
const wall = (cards: typeof notes): NonNullable<Board['cards']> => ({ title: 'Osservabilità e costi di esercizio nei comuni piccoli', topic: 'Che cosa si rompe per primo?', number: 2, rooms: 4, notes: cards });
const ADDRESS = 'https://fiera.example/e/demo';
const long = 'Nel nostro ente abbiamo quattro fornitori diversi, ciascuno con la propria idea di rilascio: come siete arrivati a una sola pipeline per tutti, chi la mantiene nel tempo e che cosa succede quando uno dei fornitori cambia a metà del contratto e il nuovo non ha mai usato questi strumenti?';

const KEPT = question('q9', 'Pubblicherete le registrazioni?', { stage: 'answered', note: 'Redazione', due_day: 20_780, upvotes: 6, answer: 'Sì: sono sul sito dal 12 dicembre, con i sottotitoli.' });

/** The desk of those who keep the promises. */
const promises: PromisesModel = {
  link: 'online', closedBy: null,
  list: [SHOWN[4], KEPT].flatMap((one) => (one ? [{ room: 'stage', question: one }] : [])),
  promise: () => Promise.resolve({ ok: true }), answer: () => Promise.resolve({ ok: true }),
};

const recap: Recap = {
  event: 'demo', title: 'Fiera Digitale DevOps 2026', titles: {}, organiser: 'Agenzia per l’innovazione nei servizi pubblici',
  phase: 'ended', peak: 341, curve: curve.map((one) => ({ ...one, joins: null })),
  announcements: [{ announcement: 'a1', text: 'Pausa fino alle 11:15.', at_unix_ms: NOW_MS }],
  ideas: ideaRows, thanks: shownThanks.map(({ to, by, text = null }) => ({ to, by, text })),
  rooms: [
    {
      room: 'stage', title: 'Palco principale', titles: {},
      questions: [...SHOWN, KEPT].map((one) => ({ ...one, due_day: one.due_day ?? null, answer: one.answer ?? null })),
      polls: [results, { ...ratingShown, poll: 'p8' }, { ...cloudShown, poll: 'p9' }],
      transcripts: [{ lang: 'it', lines: ['Benvenuti alla fiera.', 'Oggi parliamo di rilasci.'] }, { lang: 'en', lines: ['Welcome to the fair.'] }],
    },
    { room: 'stand-rpa', title: 'Stand: automazione', titles: {}, questions: [], polls: [] },
  ],
};

const item = (what: string, where: 'memory' | 'disk' | 'browser', until: string, leads_to: 'nobody' | 'name' | 'participant' = 'nobody') =>
  ({ what, where, until, leads_to, seen_by: leads_to === 'name' ? ('everybody' as const) : ('nobody' as const) });
const items = [
  { ...item('presence', 'memory', 'place_grace', 'participant'), until_ms: 15_000 },
  item('name', 'memory', 'event_ends', 'participant'),
  item('cookie', 'browser', 'browser', 'participant'),
  item('hand', 'disk', 'hand_down', 'participant'),
  item('question', 'disk', 'erased', 'name'),
  item('upvote', 'disk', 'event_ends', 'participant'),
  item('vote', 'disk', 'poll_closes', 'participant'),
  item('chat', 'disk', 'erased', 'name'),
  item('reaction', 'memory', 'at_once'),
  item('attendance', 'disk', 'kept'),
];

const organiser = (over: Parameters<typeof fair>[0] = {}) =>
  ({ organiser: fair({ role: 'organiser', organisers: { numbers, curve, filter: [] }, ...over }) });

export const HOST_STATES: Record<string, () => PartState> = {
  'dashboard-live': () => part(Dashboard, organiser()),
  'dashboard-quality': () => part(Dashboard, organiser({ organisers: { numbers: troubled, curve, filter: [] } })),
  'dashboard-before': () => part(Dashboard, organiser({ phase: 'open', organisers: { numbers: nobody, curve: [], filter: [] } })),
  'dashboard-reconnecting': () => part(Dashboard, organiser({ link: 'reconnecting' })),
  'dashboard-refused': () => part(Dashboard, organiser({ link: 'closed', closedBy: 'not_allowed', nowhere: true })),
  'dashboard-breakouts-draft': () =>
    part(Dashboard, organiser({ breakouts: oneRound(round({ phase: 'draft', until_unix_ms: null })) })),
  'dashboard-breakouts-assign': () =>
    part(Dashboard, organiser({ breakouts: oneRound(round({ phase: 'draft', mode: 'assigned', until_unix_ms: null, rooms: emptyRooms, unseated })) })),
  'dashboard-breakouts-open': () => part(Dashboard, organiser({ event: { breakout: breakout() }, breakouts: oneRound(round()) })),
  'dashboard-breakouts-dry': () => part(Dashboard, organiser({ breakouts: rehearsing })),
  'dashboard-breakouts-over': () =>
    part(Dashboard, organiser({ breakouts: { ...oneRound(round({ phase: 'ended', until_unix_ms: null, cards_shown: 'breakout-1-3' })) } })),
  'projector-question': () => part(Projector, { board, lost: false, address: ADDRESS }),
  'projector-long': () => part(Projector, { board: { ...board, now: { text: long, by: null, upvotes: 7 } }, lost: true, address: ADDRESS }),
  'projector-poll': () => part(Projector, { board: { ...board, poll: { ...running, tally: null } }, lost: false, address: ADDRESS }),
  ...Object.fromEntries(
    Object.entries({ quiz, 'quiz-waits': { ...quiz, quiz: { questions: 5, asked: null }, answers: 69 }, rating: ratingShown, ranking: rankingShown, words: cloudShown, texts: textsShown, board: quizShown }).map(([name, poll]) => [
      `projector-${name}`, () => part(Projector, { board: { ...board, now: null, poll, ahead_ms: NOW_MS - Date.now() }, lost: false, address: ADDRESS }),
    ]),
  ),
  'projector-notes': () => part(Projector, { board: { ...board, cards: wall(notes) }, lost: false, address: ADDRESS }),
  'projector-notes-many': () => part(Projector, { board: { ...board, cards: wall(manyNotes) }, lost: false, address: ADDRESS }),
  'projector-resuming': () => part(Projector, { board: { ...board, show: stageShow({ resuming: true }) }, lost: false, address: ADDRESS }),
  'projector-results': () => part(Projector, { board: { ...board, now: null, poll: results }, lost: false, address: ADDRESS }),
  'projector-waiting': () => part(Projector, { board: { ...board, now: null, next: [], phase: 'open' }, lost: false, address: ADDRESS }),
  'projector-programme': () =>
    part(Projector, { board: { ...board, now: null, next: [], agenda: agenda.filter((one) => !one.cancelled), rooms: [{ room: 'stage', titles: { it: 'Palco principale' } }], ahead_ms: NOW_MS - Date.now() }, lost: false, address: ADDRESS }),
  'agenda-page': () =>
    part(AgendaView, { event: 'demo', view: { event: 'demo', title: 'Fiera Digitale DevOps 2026', phase: 'live', people: 312, live: true, agenda, time_zone: 'Europe/Rome', rooms: [] }, trouble: 'none', nowMs: NOW_MS }),
  'agenda-page-empty': () =>
    part(AgendaView, { event: 'demo', view: { event: 'demo', title: 'Fiera Digitale DevOps 2026', phase: 'open', people: 0, live: false }, trouble: 'none', nowMs: NOW_MS }),
  'agenda-page-unknown': () => part(AgendaView, { event: 'demo', view: null, trouble: 'unknown', nowMs: NOW_MS }),
  'ideas-page': () => part(IdeasBoard, { event: 'demo', ideas: ideaRows, trouble: 'none' }),
  'ideas-page-empty': () => part(IdeasBoard, { event: 'demo', ideas: [], trouble: 'none' }),
  'report-ended': () => part(Report, { recap, trouble: 'none' }),
  'report-promises': () => part(Report, { recap, trouble: 'none', promises }),
  'report-preliminary': () =>
    part(Report, { recap: { ...recap, phase: 'live', peak: null, curve: [], rooms: [], announcements: [] }, trouble: 'none' }),
  'report-unknown': () => part(Report, { recap: null, trouble: 'unknown' }),
  'stored-known': () =>
    part(Stored, {
      event: 'demo', trouble: false,
      stored: { event: 'demo', items, you: { name: 'Dario Verdi', role: 'attendee', connections: 2, room: 'stage', hand: true, silenced: false, has_open_ballot: true, has_upvotes: false, has_idea_votes: true, thanks: 2 } },
    }),
  'stored-stranger': () => part(Stored, { event: 'demo', trouble: false, stored: { event: 'demo', items: items.slice(0, 3), you: null } }),
  'missing-part': () => part(MissingPart, {}),
  'missing-part-lost': () => part(MissingPart, { lost: true, sends: true }),
  'missing-part-on-air': () => part(MissingPart, { sends: true }),
  'missing-part-dialog': () => part(MissingPart, { dialog: true }),
  'stored-offline': () => part(Stored, { event: 'demo', trouble: true, stored: null }),
};
