// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the states around the stage are drawn from: questions, chat, polls, announcements, the programme.

import type { AgendaSlot, IdeaView, ThanksView, YourThanks, CaptionLine, ChatMessage, Label, OwnQuestion, QuestionView, RoomQuestion } from '../protocol';
import { chatMessage, pollView, questionView } from '../testing/views';
import type { IdeaRow } from '../ui/programme/board';
import { NOW_MS } from './fixtures';

const MINUTE_MS = 60_000;
const ago = (minutes: number): number => NOW_MS - minutes * MINUTE_MS;

const asked = (n: number, text: string, over: Partial<QuestionView>): QuestionView =>
  questionView(`q${n}`, { text, order: n, at_unix_ms: ago(20 - n), by: 'Bea Esempio', ...over });

export const questions: QuestionView[] = [
  asked(1, 'Come fate il rollback quando una migrazione del database è già passata?', { stage: 'now', upvotes: 41 }),
  asked(2, 'Quanto costa mantenere la pipeline per una scuola con due tecnici?', { stage: 'next', upvotes: 23, by: null }),
  asked(3, 'Possiamo riusare i vostri moduli con licenza aperta?', { upvotes: 11 }),
  asked(4, 'Il sito resta accessibile con un lettore di schermo anche durante gli aggiornamenti? Da noi capita che le pagine si ricarichino a metà della lettura e si perda il punto.', { upvotes: 4, by: null }),
  asked(5, 'Dove trovo le slide?', { upvotes: 0, by: 'Dario Verdi' }),
  asked(6, 'Quali dati conservate dei log?', { stage: 'answered', upvotes: 17 }),
  asked(7, 'E per i comuni piccoli?', { stage: 'follow_up', upvotes: 9, note: 'Carla Neri, allo stand' }),
];

const said = (n: number, by: string, text: string, over: Partial<ChatMessage> = {}): ChatMessage =>
  chatMessage(`m${n}`, { by, participant: `p${n}`, text, at_unix_ms: ago(12 - n), ...over });

export const chat: ChatMessage[] = [
  said(1, 'Anna Esempio', 'Buongiorno da Reggio Emilia!'),
  said(2, 'Luca Esempio', 'Si sente benissimo, grazie.'),
  said(3, 'Dario Verdi', 'Qualcuno ha già provato il modulo per i certificati?', { participant: 'me' }),
  said(4, 'Marta Esempio', 'Sì, da due mesi. Il trucco è rinnovarli\nprima del fine settimana.'),
  said(5, 'Bruno De Santis Marchetti', 'Il collegamento al codice: https://example.org/una/pagina/con/un/indirizzo/molto/lungo/che/deve/andare/a/capo'),
];

export const aside: ChatMessage[] = [
  said(8, 'Carla Neri', 'Tra due minuti tocca a te. Tutto pronto?'),
  said(9, 'Dario Verdi', 'Sì, provo ancora il microfono.', { participant: 'me' }),
];

const line = (n: number, lang: string, text: string, final = true): CaptionLine => ({ caption: `c${n}`, lang, text, final });

export const captions: CaptionLine[] = [
  line(1, 'it', 'Buongiorno a tutte e a tutti, e benvenuti alla fiera.'),
  line(2, 'en', 'Good morning everybody, and welcome to the fair.'),
  line(3, 'it', 'Oggi vi racconto come abbiamo portato in produzione duecento rilasci in un anno, senza fermare mai il servizio.'),
  line(4, 'en', 'Today I tell how we shipped two hundred releases in a year without ever stopping the service.'),
  line(5, 'it', 'E soprattutto che cosa è andato storto', false),
];

export const poll = pollView({
  question: 'Quanto spesso rilasciate in produzione?',
  options: ['Più volte al giorno', 'Ogni settimana', 'Ogni mese o meno', 'Non lo so: se ne occupa un fornitore esterno'],
  answers: 187,
});
export const revealed = pollView({ ...poll, phase: 'revealed', answers: 204, tally: [31, 74, 82, 17] });

const MONTH = ['Formazione', 'Riuso del codice', 'Accessibilità', 'Sicurezza dei servizi esposti a Internet'];
const left = (seconds: number): number => NOW_MS + seconds * 1_000;

/** A poll of each form: while it is open, and revealed. */
export const multiple = pollView({ question: 'Su che cosa lavorate quest’anno?', options: MONTH, form: { kind: 'multiple', min: 1, max: 2 }, answers: 96, answers_min: 3 });
export const rating = pollView({ question: 'Con quale probabilità consiglieresti questa fiera a un collega?', options: [], form: { kind: 'rating', from: 0, to: 10 }, answers: 142, answers_min: 3 });
export const ranking = pollView({ question: 'In quale ordine ne parliamo?', options: MONTH, form: { kind: 'ranking' }, answers: 58, answers_min: 3 });
export const cloud = pollView({ question: 'La fiera in una parola?', options: [], form: { kind: 'words', max: 3 }, answers: 121, answers_min: 3 });
export const openText = pollView({ question: 'Che cosa cambiare la prossima volta?', options: [], form: { kind: 'text' }, answers: 44, answers_min: 3 });
export const quiz = pollView({
  question: 'Quanto conosci Git?', options: [], form: { kind: 'quiz' }, answers: 73,
  quiz: {
    questions: 5,
    asked: { number: 1, question: 'Che cosa fa «git bisect»?', options: ['Cerca il commit che ha introdotto un errore', 'Divide un repository in due', 'Unisce due rami'], seconds: 20, ends_unix_ms: left(13), right: null, answers: 31 },
  },
});
export const quizOver = pollView({
  ...quiz, quiz: { questions: 5, asked: { ...quiz.quiz!.asked!, ends_unix_ms: null, right: 0, answers: 69 } },
});
export const multipleShown = pollView({ ...multiple, phase: 'revealed', tally: [41, 52, 37, 30] });
export const ratingShown = pollView({
  ...rating, phase: 'revealed', tally: [1, 0, 1, 2, 3, 6, 9, 18, 37, 41, 24], outcome: { kind: 'rating', mean_hundredths: 809, nps: 30 },
});
export const rankingShown = pollView({
  ...ranking, phase: 'revealed',
  outcome: { kind: 'ranking', ranks: [[1, 121], [2, 98], [0, 77], [3, 52]].map(([option = 0, points = 0]) => ({ option, points, mean_hundredths: 400 - Math.round((points * 100) / 58) })) },
});
const WORDS: [string, number][] = [['tempo', 42], ['persone', 31], ['riuso', 22], ['idee', 17], ['curiosità', 12], ['open source', 9], ['fatica', 6], ['caffè', 5], ['connessione', 3], ['interoperabilità', 2], ['scuola', 2], ['coraggio', 1]];
export const cloudShown = pollView({
  ...cloud, phase: 'revealed', outcome: { kind: 'words', words: WORDS.map(([word, count]) => ({ entry: word, word, count })), others: 14 },
});
export const textsShown = pollView({
  ...openText, phase: 'revealed',
  outcome: { kind: 'texts', texts: ['Pause più lunghe tra una sessione e l’altra.', 'Più tempo agli stand: ne ho visti solo tre.', 'Le registrazioni con i sottotitoli.'].map((text) => ({ entry: text, text })) },
});
export const quizShown = pollView({
  ...quiz, phase: 'revealed', quiz: { questions: 5, asked: null },
  outcome: {
    kind: 'quiz', board: [['Volpe', 4_310], ['Gufo notturno', 3_985], ['rebase_only', 3_640], ['Nonna Papera', 2_760], ['Zac', 1_500]].map(([nickname, points]) => ({ entry: String(nickname), nickname: String(nickname), points: Number(points) })),
    questions: [{ question: 'Che cosa fa «git bisect»?', options: ['Cerca il commit che ha introdotto un errore', 'Divide un repository in due', 'Unisce due rami'], right: 0, tally: [58, 9, 2] }],
  },
});
export const withheld = pollView({ ...multiple, phase: 'revealed', answers: 2, outcome: { kind: 'withheld' } });

export const announcements = [
  { announcement: 'a1', text: 'Il programma è aggiornato: la pausa è alle 11.', at_unix_ms: ago(40) },
  { announcement: 'a2', text: 'Lo stand Kubernetes risponde alle vostre domande fino alle 12.30.', at_unix_ms: ago(3) },
];

const slot = (room: string, from: number, to: number, it: string, en: string, speakers: string[], over: Partial<AgendaSlot> = {}): AgendaSlot => ({
  slot: `slot${from}`, revision: 0, room, title: { it, en }, speakers, starts_unix_ms: NOW_MS + from * MINUTE_MS, ends_unix_ms: NOW_MS + to * MINUTE_MS,
  ...over,
});
const PRACTICE = { it: 'Esperienze', en: 'Practice' };
export const agenda: AgendaSlot[] = [
  slot('stage', -102, -42, 'Apertura', 'Opening', ['Carla Neri']),
  slot('stage', -42, 18, 'Pipeline senza sorprese', 'Pipelines without surprises', ['Ada Bianchi', 'Bruno De Santis Marchetti'], {
    track: PRACTICE, notes: { it: 'Che cosa succede tra un commit e gli utenti, e chi se ne accorge per primo.\nCon tre incidenti veri.', en: 'What happens between a commit and its users, and who notices first.\nWith three real incidents.' },
  }),
  slot('stand-k8s', 18, 48, 'Kubernetes in produzione: dal vivo', 'Kubernetes in production: live', ['Delia Esempio']),
  slot('stand-rpa', 20, 50, 'Moduli senza carta', 'Forms without paper', ['Enzo Esempio'], { cancelled: true, revision: 2 }),
  slot('stage', 48, 108, 'Che cosa abbiamo rotto quest’anno', 'What we broke this year', [], { track: PRACTICE, idea: 'i2' }),
];

/** The same with a slot that somebody put where two others are. */
export const overlapping: AgendaSlot[] = [
  ...agenda.slice(0, 2), slot('stage', 3, 63, 'Tavola rotonda: chi risponde di notte?', 'Round table: who answers at night?', ['Carla Neri']), ...agenda.slice(2),
];

export const labels: Label[] = [{ label: 'l1', text: 'Costi' }, { label: 'l2', text: 'Riuso' }];

const changed = (id: string, over: Partial<QuestionView>): QuestionView => ({ ...(questions.find((one) => one.question === id) ?? asked(9, '', {})), ...over });

/** Questions with everything that moderators add. */
export const enriched: QuestionView[] = [
  changed('q1', { merged: 3 }),
  changed('q2', { labels: ['l1'], assigned: { participant: 'ada', name: 'Ada Bianchi' } }),
  changed('q3', { labels: ['l2'], edited: true, by: 'Dario Verdi' }),
  changed('q4', { from_chat: true }),
  changed('q5', { stage: 'answered', answer: 'Sulla pagina dell’evento, da stasera.\nCi sono anche gli esempi.' }),
  asked(8, 'Ci sarà un corso nei prossimi mesi?', { stage: 'follow_up', note: 'Ufficio formazione', due_day: 20_790, upvotes: 9 }),
];

/** The same for who is to answer two of them. */
export const given: QuestionView[] = enriched.map((one) =>
  one.question === 'q2' || one.question === 'q3' ? { ...one, assigned: { participant: 'me', name: 'Dario Verdi' } } : one,
);

const own = (question: QuestionView, merged_into: string | null = null): OwnQuestion => ({ secret: `s-${question.question}`, room: 'stage', question, merged_into });
export const mine: OwnQuestion[] = [
  own(asked(12, 'E se cade la rete mentre si pubblica?', { stage: 'pending', by: null })),
  own(asked(11, 'Come si torna alla versione di prima?', { by: 'Dario Verdi' }), 'q1'),
  own(asked(10, 'Offrite anche il caffè?', { stage: 'dismissed', by: 'Dario Verdi' })),
  own(changed('q5', { stage: 'answered' })),
];

export const promises: RoomQuestion[] = [
  { room: 'stage', question: asked(8, 'Ci sarà un corso nei prossimi mesi?', { stage: 'follow_up', note: 'Ufficio formazione', due_day: 20_790 }) },
  { room: 'stand-k8s', question: asked(7, 'Pubblicate i manifesti?', { stage: 'answered', note: 'Ugo Serra', answer: 'Fatto: sono nel catalogo del riuso.' }) },
];

/** Messages that answer each other. */
export const threaded: ChatMessage[] = [
  chatMessage('m1', { text: 'Le slide sono sulla pagina dell’evento, con gli esempi e i riferimenti.', by: 'Ada Bianchi', participant: 'ada', at_unix_ms: ago(9) }),
  chatMessage('m2', { text: 'Grazie! Anche quelle di ieri?', reply_to: 'm1', at_unix_ms: ago(8) }),
  chatMessage('m3', { text: 'Sì, le ho appena trovate.', by: 'Dario Verdi', participant: null, reply_to: 'm2', edited: true, at_unix_ms: ago(7) }),
  chatMessage('m4', { text: 'Perfetto', reply_to: 'gone', at_unix_ms: ago(6) }),
];

const idea = (n: number, title: string, over: Partial<IdeaView> = {}): IdeaView => ({
  idea: `i${n}`, title, by: 'Bea Esempio', presents: false, stage: 'proposed', votes: 0, order: n, ...over,
});
export const ideas: IdeaView[] = [
  idea(1, 'Una sessione sugli incidenti', { votes: 41, presents: true, notes: 'Che cosa è andato storto, senza colpevoli.\nOgnuno porta un caso.' }),
  idea(2, 'Che cosa abbiamo rotto quest’anno', { votes: 58, stage: 'planned', slot: 'slot48', by: null }),
  idea(3, 'Un corso di Kubernetes in due ore', { votes: 12, stage: 'refused', note: 'Due ore non bastano: il corso è a novembre.' }),
  idea(4, 'Raccontiamo gli errori', { votes: 7, merged_into: 'i1' }),
  idea(5, 'Moduli riusabili: un catalogo vivo, con chi li mantiene, chi li usa e che cosa costa cambiarli', { votes: 3, by: 'Dario Verdi', edited: true }),
  idea(6, 'Visita guidata agli stand', { votes: 9, stage: 'done' }),
];
export const ideaRows: IdeaRow[] = ideas.map(({ title, notes = null, by, presents, stage, note = null, votes, order, merged_into }) => ({
  number: order, title, notes, by, presents, stage, note, votes, merged_into: merged_into ? 1 : null, starts_unix_ms: stage === 'planned' ? NOW_MS + 48 * MINUTE_MS : null,
}));
export const yourThanks: YourThanks[] = [
  { thanks: 't1', by: 'Anna Esempio', text: 'Grazie per le risposte chiare sui certificati.', shown: false },
  { thanks: 't2', by: 'Bruno De Santis Marchetti', shown: true },
];
export const shownThanks: ThanksView[] = [
  { thanks: 't3', by: 'Marta Esempio', to: 'Ada Bianchi', text: 'Per avere mostrato anche quello che non funziona.' },
  { thanks: 't2', by: 'Bruno De Santis Marchetti', to: 'Dario Verdi' },
];
