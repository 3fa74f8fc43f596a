// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the states of stands are drawn from.

import type { StandView } from '../protocol';
import { standSummary } from '../testing/views';
import type { StandsModel } from '../ui/model/stands.svelte';
import { NOW_MS, stands } from './fixtures';

const HOUR_MS = 3_600_000;
const hours = [
  { from_unix_ms: NOW_MS - HOUR_MS, to_unix_ms: NOW_MS + HOUR_MS },
  { from_unix_ms: NOW_MS + 3 * HOUR_MS, to_unix_ms: NOW_MS + 4 * HOUR_MS },
];

export const STANDS = [
  standSummary('desk', {
    name: 'Sportello senza coda', line: 'Prenotazioni in 40 comuni con un solo modulo libero', tags: ['prenotazioni', 'comuni', 'riuso'],
    by: 'Lia Conti', hours, reuse: 23, people: 7, live: true,
  }),
  standSummary('archive', {
    name: 'Archivio parlante', line: 'Cercare nelle delibere di vent’anni come si cerca sul web', tags: ['documenti', 'accessibilità'],
    by: null, reuse: 4, order: 1,
  }),
  standSummary('pipeline', {
    name: 'Releases without fear', line: 'From four releases a year to two a week', language: 'en', tags: ['devops', 'riuso'], by: 'Bruno De Santis Marchetti',
    state: 'closed', hours: [hours[1]!], order: 2,
  }),
];

export const standView: StandView = {
  stand: 'desk', state: 'open', revision: 2,
  content: {
    name: 'Sportello senza coda', line: 'Prenotazioni in 40 comuni con un solo modulo libero', language: 'it', tags: ['prenotazioni', 'comuni', 'riuso'],
    links: [
      { title: 'Il codice', url: 'https://code.example.org/sportello' },
      { title: 'La guida per chi comincia', url: 'https://docs.example.org/una/pagina/con/un/indirizzo/molto/lungo' },
    ],
    hours,
    card: {
      problem: 'Il lunedì mattina si aspettava due ore, e chi veniva da fuori spesso tornava a casa senza aver fatto nulla.',
      context: 'Comuni fino a 20.000 abitanti, senza un ufficio informatico proprio.',
      method: 'Un solo servizio per volta, cominciando dall’anagrafe.\nDue settimane di prova con chi sta allo sportello.',
      tool: 'Sportello 2.1, PostgreSQL', results: 'Attesa media da 110 a 18 minuti in tre mesi.', contact: 'sportello@example.org', licence: 'EUPL-1.2',
    },
  },
  adopters: [{ adopter: 'a1', organisation: 'Comune di Esempio' }, { adopter: 'a2', organisation: 'Unione dei comuni della valle lunga e stretta' }],
};

export const kept = [{ stand: 'desk', messages: 2 }];
export const left: StandsModel['messages'] = {
  stand: 'desk',
  list: [
    { message: 'm1', by: 'Marta Esempio', text: 'Possiamo sentirci la settimana prossima?\nSiamo in tre comuni vicini.', at_unix_ms: NOW_MS - HOUR_MS },
    { message: 'm2', by: null, text: 'Ben fatto.', at_unix_ms: NOW_MS - HOUR_MS / 2 },
  ],
};

export const standCards = (over: Partial<StandsModel>): StandsModel => stands({ keeperLink: () => 'https://fiera.example/#', ...over });

export const PUBLICCODE = `publiccodeYmlVersion: "0.4"
name: Sportello senza coda
url: https://code.example.org/sportello.git
softwareVersion: "2.1"
categories: [it-service-management]
usedBy: [Comune di Esempio]
legal:
  license: EUPL-1.2
maintenance:
  contacts:
    - name: Lia Conti
      email: sportello@example.org
description:
  it:
    shortDescription: Prenotazioni in 40 comuni con un solo modulo libero
    longDescription: |
      Il lunedì mattina si aspettava due ore. Ora si prenota, e si arriva quando tocca.
    documentation: https://docs.example.org/sportello
`;
