// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the states of the breakouts are drawn from.

import type { BreakoutView, BreakoutsView, CardView, CardsShown, RoundRoom, RoundView, Seated } from '../protocol';
import { NOW_MS } from './fixtures';

const TITLES = ['Collaudo', 'Rilascio', 'Osservabilità e costi di esercizio nei comuni piccoli', 'Sicurezza', 'Dati', 'Accessibilità'];
const NAMES = ['Anna', 'Bea', 'Carlo', 'Delia', 'Enzo', 'Flavia', 'Gino', 'Ivana', 'Luca', 'Marta', 'Nora', 'Olmo'];
const HERE = 'breakout-1-1';

const seated = (n: number): Seated => ({
  participant: `p${n}`, name: `${NAMES[n % NAMES.length] ?? ''} Esempio`, facilitator: n % 4 === 0, here: true,
});

/** The round that runs, as everybody sees it. */
export const breakout = (over: Partial<BreakoutView> = {}): BreakoutView => ({
  round: 'r', from: 'stage', phase: 'open', mode: 'random', latecomers: 'placed', capacity: 5, free: [],
  rooms: TITLES.map((title, i) => ({ room: `breakout-1-${i + 1}`, title, topic: i === 0 ? 'Che cosa si rompe per primo?' : null })),
  until_unix_ms: NOW_MS + 7 * 60_000 + 12_000, told: null, ...over,
});

export const told = { announcement: 'b1', text: 'Scrivete i vostri tre punti migliori sulle note.', at_unix_ms: NOW_MS };
export const going = { room: HERE, goes_at_unix_ms: NOW_MS + 4_000, facilitator: false };
export const seat = { room: HERE, goes_at_unix_ms: null, facilitator: true };
export const inside = { room: HERE, place: 'on_air' as const, breakout: seat, card_votes: ['c1'] };

const card = (n: number, text: string, by: string, votes: number): CardView => ({ card: `c${n}`, text, by, votes, order: n });
export const cards: CardView[] = [
  card(1, 'Prima si torna indietro, poi si chiede perché', 'Anna Esempio', 3),
  card(2, 'Un collaudo che nessuno guarda non serve', 'Dario Verdi', 1),
];

const rooms = (with_: boolean): RoundRoom[] =>
  TITLES.map((title, i) => ({
    room: `breakout-1-${i + 1}`, title, topic: i === 0 ? 'Che cosa si rompe per primo?' : null,
    seated: with_ ? [0, 1, 2, 3].map((n) => seated(i * 4 + n)) : [],
    people: with_ ? 4 : 0, talking: with_ ? i % 3 : 0, hands: 0, help: i === 2 && with_ ? 'called' : i === 4 && with_ ? 'coming' : null,
    cards: with_ ? (i * 2) % 5 : 0,
  }));

/** A round as the organiser sees it. */
export const round = (over: Partial<RoundView> = {}): RoundView => ({
  round: 'r', from: 'stage', phase: 'open', mode: 'random', latecomers: 'placed', capacity: 5, minutes: 15,
  until_unix_ms: NOW_MS + 7 * 60_000 + 12_000, cards_shown: null, rooms: rooms(true), unseated: [], ...over,
});
export const unseated = Array.from({ length: 9 }, (_, n) => ({ ...seated(n), facilitator: false }));
export const emptyRooms = rooms(false);

/** What moderators see of one round. */
export const oneRound = (one: RoundView): BreakoutsView => ({ rounds: [one], rehearsal: null });

const bot = (n: number): Seated => ({ participant: `b${n}`, name: n === 1 ? 'Bot Anna Esempio' : `Bot ${n}`, facilitator: n === 1, here: true });
const BOTS_EACH = 8;

/** A dry run of a draft, with a moderator who looks into its first room. */
export const rehearsing: BreakoutsView = {
  rounds: [round({ phase: 'draft', until_unix_ms: null, capacity: 10, rooms: emptyRooms.map((room, i) => ({ ...room, people: i === 0 ? 1 : 0 })) })],
  rehearsal: {
    told,
    round: round({
      capacity: 10,
      rooms: emptyRooms.map((room, i) => ({
        ...room, people: BOTS_EACH, help: i === 1 ? 'called' : i === 3 ? 'coming' : null,
        seated: Array.from({ length: BOTS_EACH }, (_, n) => bot(i * BOTS_EACH + n + 1)),
      })),
    }),
  },
};

const LONG = 'Ogni servizio ha una persona che ne risponde, un elenco di ciò che può rompersi e una prova al mese di come si torna indietro: senza prova il ripristino è una speranza, e lo si scopre di notte, da soli.';
/** What a room left behind, best supported first. */
export const notes: CardView[] = [
  card(1, 'Prima si torna indietro, poi si chiede perché', 'Anna Esempio', 7),
  card(2, LONG, 'Maria Antonietta De Santis Marchetti', 5),
  card(3, 'Un collaudo che nessuno guarda non serve', 'Dario Verdi', 2),
  card(4, 'Chiedere agli uffici\nprima di scegliere', 'Enzo Esempio', 0),
];
export const manyNotes: CardView[] = Array.from({ length: 9 }, (_, n) => card(n + 1, n % 2 ? LONG.slice(0, 120) : LONG, `${NAMES[n] ?? ''} Esempio`, 12 - n));

/** The notes of a round, as the plenary is shown them. */
export const cardsShown = (over: Partial<CardsShown> = {}): CardsShown => ({
  round: 'r', room: HERE, topic: 'Che cosa si rompe per primo?', cards: notes,
  rooms: TITLES.slice(0, 4).map((title, i) => ({ room: `breakout-1-${i + 1}`, title, cards: [4, 9, 2, 1][i] ?? 0 })), ...over,
});
