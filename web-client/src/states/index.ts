// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The committed list of page states: what screenshots and axe go through. A new page or condition gets a line here.

import type { ComponentProps } from 'svelte';
import type { PollView, StageShow, YouView } from '../protocol';
import { stageShow } from '../testing/views';
import type Door from '../ui/door/Door.svelte';
import type FairPage from '../ui/fair/FairPage.svelte';
import {
  agenda, announcements, ideas, shownThanks, yourThanks, aside, captions, chat, cloud, cloudShown, enriched, given, labels, mine, multiple, multipleShown, openText, overlapping, poll,
  promises, questions, quiz, quizOver, quizShown, ranking, rankingShown, rating, ratingShown, revealed, textsShown, threaded, withheld,
} from './attendee';
import { breakout, cards, cardsShown, going, inside, manyNotes, oneRound, rehearsing, round, seat, told } from './breakouts';
import { choice, type Size } from '../ui/captions/choice.svelte';
import { PUBLICCODE, STANDS, kept, left, standCards, standView } from './stands';
import { ADA, BRUNO, CARLA, NOW_MS, fair, speaker, tile } from './fixtures';
import { HOST_STATES, countdown, desk, directed, formsDesk, type PartState } from './host';
import { asTrack, paintSlide, paintSpeaker } from './pictures';

type DoorProps = ComponentProps<typeof Door>;
type FairProps = ComponentProps<typeof FairPage>;

export type PageState =
  | { page: 'home' | 'accessibility' | 'privacy' }
  | { page: 'door'; props: Partial<DoorProps> }
  | { page: 'fair'; props: Partial<FairProps>; /** A test id that must be there. */ expects?: string }
  | PartState;

const view: DoorProps['view'] = {
  event: 'demo', title: 'Fiera Digitale DevOps 2026', phase: 'live', people: 312, live: true,
  organiser: 'Agenzia per l’innovazione nei servizi pubblici',
};
/** The programme around now: the door goes by the clock of the browser. */
const demoAgenda = agenda.map((one) => ({ ...one, starts_unix_ms: one.starts_unix_ms - NOW_MS + Date.now(), ends_unix_ms: one.ends_unix_ms - NOW_MS + Date.now() }));
const pulse = { ...rating, poll: 'pulse', phase: 'draft' as const, answers: 0 };
const talk = { questions, chat, hands: 3 };
const settings = { moderated: false, chat_open: true, slow_mode_s: 0 };
const SOON_MS = 26 * 3_600_000 + 5 * 60_000;

const LINED = [
  { ...ADA, title: 'Responsabile sviluppo, Comune di Esempio' },
  { ...BRUNO, title: 'Regione Esempio, ufficio per la trasformazione digitale e i servizi in rete' },
  CARLA,
];
const shown = (over: Partial<StageShow>) => ({ show: stageShow(over) });
const DIRECTIONS = [
  { direction: 'd1', text: 'Mancano 2 minuti', to: [{ participant: 'ada', name: 'Ada Bianchi', acknowledged: true }] },
  {
    direction: 'd2', text: 'Dopo questa diapositiva passiamo alle domande, poi la parola va a Carla',
    to: [{ participant: 'ada', name: 'Ada Bianchi', acknowledged: false }, { participant: 'bruno', name: 'Bruno De Santis Marchetti', acknowledged: true }],
  },
];
const timer = (left_s: number) => ({ timer: { ends_unix_ms: NOW_MS + left_s * 1_000, amber_s: 300, red_s: 60 } });
const yours = DIRECTIONS.map(({ direction, text }) => ({ direction, text }));
const camera = [tile(1, ADA)];
const crowd = (count: number) => panel.slice(0, count).map((one, i) => tile(i + 1, one));
const withScreen = [tile(1, ADA), tile(2, BRUNO), tile(5, ADA, { takes: 'screen' })];
const me = { participant: 'me', name: 'Dario Verdi', sources: ['mic', 'camera'] } as const;
const myself = { ...me, sources: [...me.sources] };
const sending = () =>
  speaker({ devices: 'open', preview: asTrack(paintSpeaker(120)), level: 0.62, up: 'connected' });
const names = ['Anna', 'Bea', 'Carlo', 'Delia', 'Enzo', 'Flavia', 'Gino', 'Ivana', 'Luca', 'Marta', 'Nora', 'Olmo'];
const panel = names.map((name, i) => ({ participant: `p${i}`, name: `${name} Esempio`, sources: [...me.sources] }));
const roster = {
  people: [ADA, ...names.map((name, i) => ({ participant: `p${i}`, name: `${name} Esempio`, sources: [] }))],
  more: true,
  loading: false,
};

const door = (props: Partial<DoorProps>): PageState => ({ page: 'door', props });
const stage = (model: Parameters<typeof fair>[0], props: Partial<FairProps> = {}, expects?: string): PageState => ({
  page: 'fair',
  props: { fair: fair(model), ...props },
  ...(expects ? { expects } : {}),
});

/** With captions switched on in this browser. */
const captioned = (model: Parameters<typeof fair>[0], size: Size = 'm', props: Partial<FairProps> = {}): PageState => {
  Object.assign(choice, { on: true, size, lang: 'it' });
  return stage(model, props);
};

/** Built on demand: pictures and tracks cost something. */
export const STATES: Record<string, () => PageState> = {
  home: () => ({ page: 'home' }),
  accessibility: () => ({ page: 'accessibility' }),
  privacy: () => ({ page: 'privacy' }),

  'door-live': () => door({ view }),
  'door-now-next': () => door({ view: { ...view, agenda: demoAgenda, rooms: [{ room: 'stage', titles: { it: 'Palco principale', en: 'Main stage' } }] } }),
  'door-countdown': () =>
    door({ view: { ...view, phase: 'open', live: false, people: 0, starts_unix_ms: Date.now() + SOON_MS } }),
  'door-speaker': () => door({ view, role: 'speaker', suggestedName: 'Ada Bianchi' }),
  'door-speaker-nameless': () => door({ view, role: 'speaker', nameAsked: 1 }),
  'door-joining': () => door({ view, joining: true }),
  'door-trouble': () => door({ view, checks: { server: 'fine', webrtc: 'fine', codec: 'fine', sockets: 'bad', media: 'bad' } }),
  'door-tcp': () => door({ view, checks: { server: 'fine', webrtc: 'fine', codec: 'fine', sockets: 'fine', media: 'weak' } }),
  'door-refused': () => door({ view, refusal: 'expired' }),
  'door-ended': () => door({ view: { ...view, phase: 'ended', live: false, people: 0 } }),
  'door-unknown': () => door({ view: null, trouble: 'unknown' }),
  'door-offline': () => door({ view: null, trouble: 'offline' }),

  'door-draft': () => door({ view: { ...view, phase: 'draft', live: false, people: 0, starts_unix_ms: Date.now() + SOON_MS } }),
  'door-banned': () => door({ view, sentAway: 'banned' }),
  'door-displaced': () => door({ view, sentAway: 'too_many_connections' }),

  'stage-connecting': () => stage({ link: 'connecting', nowhere: true }),
  'stage-empty': () => stage({}),
  'stage-camera': () => stage({ onAir: [ADA], tiles: camera, speaking: ['ada'] }),
  'stage-two': () => stage({ onAir: [ADA, BRUNO], tiles: [tile(1, ADA), tile(2, BRUNO)], speaking: ['bruno'] }),
  'stage-screen': () => stage({ onAir: [ADA, BRUNO, CARLA], tiles: withScreen, speaking: ['ada'] }),
  'stage-screen-alone': () => stage({ onAir: [ADA], tiles: [tile(5, ADA, { takes: 'screen' })] }),
  'stage-four': () =>
    stage({ onAir: [ADA, BRUNO, CARLA], tiles: [tile(1, ADA), tile(2, BRUNO), tile(3, CARLA, { state: 'waiting' })] }),
  'stage-twelve': () => stage({ onAir: panel, tiles: crowd(12), speaking: ['p3'] }),
  'stage-nine': () => stage({ onAir: panel.slice(0, 9), tiles: crowd(9), speaking: ['p1'] }),
  'stage-some-of-twelve': () => stage({ onAir: panel, tiles: crowd(6), speaking: ['p1'] }),
  'stage-screen-twelve': () => stage({ onAir: panel, tiles: [...crowd(12), tile(13, panel[0]!, { takes: 'screen' })], speaking: ['p1'] }),
  'stage-lines': () => stage({ onAir: LINED, tiles: [tile(1, ADA), tile(2, BRUNO)], speaking: ['ada'] }),
  'stage-line-alone': () => stage({ onAir: LINED.slice(0, 1), tiles: camera }),
  'stage-layout-speaker': () => stage({ onAir: LINED, tiles: [...withScreen, tile(3, CARLA)], speaking: ['bruno'], room: shown({ layout: 'speaker' }) }),
  'stage-layout-speaker-twelve': () => stage({ onAir: panel, tiles: crowd(12), speaking: ['p3'], room: shown({ layout: 'speaker' }) }),
  'stage-layout-side-by-side': () => stage({ onAir: LINED, tiles: [...withScreen, tile(3, CARLA)], speaking: ['bruno'], room: shown({ layout: 'side_by_side' }) }),
  'stage-layout-side-by-side-people': () => stage({ onAir: LINED, tiles: [tile(1, ADA), tile(2, BRUNO), tile(3, CARLA)], room: shown({ layout: 'side_by_side' }) }),
  'stage-layout-grid': () => stage({ onAir: LINED, tiles: [...withScreen, tile(3, CARLA)], speaking: ['bruno'], room: shown({ layout: 'grid' }) }),
  'stage-layout-slides': () => stage({ onAir: LINED, tiles: withScreen, room: shown({ layout: 'slides' }) }),
  'stage-resuming': () => stage({ onAir: [ADA], tiles: [tile(1, ADA, { state: 'waiting' })], room: shown({ resuming: true }) }),
  'stage-sound-off': () => stage({ onAir: [ADA], tiles: camera, room: shown({ sound_off: true }) }),
  'stage-paused': () =>
    stage({ onAir: [ADA, BRUNO, CARLA], tiles: [tile(1, ADA), tile(2, BRUNO, { state: 'paused' }), tile(3, CARLA, { state: 'paused' })] }),
  'stage-paused-small': () =>
    stage({ onAir: panel, tiles: panel.map((one, i) => tile(i + 1, one, { state: i > 2 ? 'paused' : 'shown' })) }),
  'stage-waiting': () => stage({ onAir: [ADA], tiles: [tile(1, ADA, { state: 'waiting' })] }),
  'stage-cannot-decode': () => stage({ onAir: [ADA], tiles: [tile(1, ADA, { state: 'undecodable', codec: 'H264' })] }),
  'stage-reconnecting': () => stage({ link: 'reconnecting', onAir: [ADA], tiles: camera }),
  'stage-tap-to-hear': () => stage({ onAir: [ADA], tiles: camera, tapToHear: true }),
  'stage-audio-only': () => stage({ onAir: [ADA, CARLA], tiles: camera, audioOnly: true, speaking: ['carla'] }),
  'stage-people': () => stage({ onAir: [ADA], tiles: camera, roster }, { openTab: 'people' }),
  'stage-places': () => stage({ onAir: [ADA], tiles: camera }, { opened: 'places' }),
  'stage-notice': () => stage({ onAir: [ADA], tiles: camera, notice: 'room_full' }),
  'stage-keys': () => stage({ onAir: [ADA], tiles: camera }, { keysOpen: true }),
  'stage-ended': () => stage({ phase: 'ended' }),

  'stage-read-only': () => stage({ onAir: [ADA], tiles: camera, event: { read_only: true } }),
  'stage-full': () => stage({ onAir: [ADA], tiles: camera, waitingFor: 'stand-k8s' }),
  'stage-announcement': () => stage({ onAir: [ADA], tiles: camera, event: { announcements } }),
  'stage-reactions': () =>
    stage(
      {
        onAir: [ADA], tiles: camera,
        flying: [{ n: 1, reaction: 'applause', count: 12 }, { n: 2, reaction: 'heart', count: 3 }, { n: 3, reaction: 'laugh', count: 1 }],
      },
      { sheet: 'react' },
    ),
  'stage-agenda-organiser': () => stage({ role: 'organiser', event: { agenda } }, { opened: 'attend', agendaOpen: true, slotAdding: true }),
  'stage-agenda-overlaps': () => stage({ role: 'organiser', event: { agenda: overlapping } }, { opened: 'attend', agendaOpen: true }, 'slot-overlaps'),
  'stage-agenda-overlaps-form': () => stage({ role: 'organiser', event: { agenda: overlapping.slice(2, 3) } }, { opened: 'attend', agendaOpen: true, slotAdding: true }, 'slot-overlaps'),
  'stage-agenda-zone': () => stage({ event: { agenda, time_zone: 'Pacific/Auckland' } }, { agendaOpen: true }),
  'stage-now-next': () => stage({ event: { agenda } }),
  'ideas-attendee': () => stage({ event: { ideas, agenda }, you: { idea_votes: ['i1'] }, own: ['i5'] }, { ideasOpen: 'read' }),
  'ideas-write': () => stage({ event: { ideas: [] } }, { ideasOpen: 'write' }),
  'ideas-closed': () => stage({ event: { ideas, ideas_closed: true } }, { ideasOpen: 'read' }),
  'ideas-organiser': () => stage({ role: 'organiser', event: { ideas, agenda } }, { opened: 'attend', ideasOpen: 'read' }),
  'people-thanks': () =>
    stage({ roster, you: { thanks: yourThanks }, event: { thanks: shownThanks }, givenThanks: [{ kind: 'thanks', room: '', backstage: false, text: 'Carla Neri', anonymous: false, secret: 's', id: 't9' }] }, { openTab: 'people' }, 'thanks-given'),
  'people-thanks-after': () =>
    stage({ phase: 'ended', roster, event: { thanks: shownThanks }, own: ['t2'] }, { openTab: 'people' }, 'thanks-hide-shown'),
  'attend-thanks-fresh': () => stage({ onAir: [ADA], tiles: camera, you: { thanks: yourThanks } }),
  'stage-agenda': () => stage({ onAir: [ADA], tiles: camera, event: { agenda, announcements } }, { agendaOpen: true }),
  'stage-hand': () => stage({ onAir: [ADA], tiles: camera }, { sheet: 'hand' }),
  'stage-hand-waits': () => stage({ onAir: [ADA], tiles: camera, you: { hand: { topic: 'Rollback', stage: 'raised', position: 14 } } }),
  'stage-hand-raised': () =>
    stage({ onAir: [ADA], tiles: camera, you: { hand: { topic: 'Rollback', stage: 'raised', position: 2 } } }, { sheet: 'hand' }),

  'stage-captions': () => captioned({ onAir: [ADA, BRUNO], tiles: withScreen, captions }),
  'stage-captions-large': () => captioned({ onAir: [ADA], tiles: camera, captions }, 'xl'),
  'stage-captions-none': () => captioned({ onAir: [ADA], tiles: camera }),
  'stage-captions-choice': () => captioned({ onAir: [ADA], tiles: camera, captions }, 'm', { sheet: 'captions' }),
  'stage-transcript': () => stage({ onAir: [ADA], tiles: camera, captions }, { opened: 'transcript' }),
  'captioner': () => stage({ role: 'captioner', onAir: [ADA], tiles: camera, captions }, { opened: 'captioning' }),

  'attend-first-visit': () => stage({ onAir: [ADA], tiles: camera, room: talk }),
  'attend-chat': () => stage({ onAir: [ADA], tiles: camera, room: { ...talk, poll }, own: ['m3'] }),
  'attend-chat-slow': () => stage({ onAir: [ADA], tiles: camera, room: { chat, settings: { ...settings, slow_mode_s: 30 } } }),
  'attend-chat-closed': () => stage({ onAir: [ADA], tiles: camera, room: { chat, settings: { ...settings, chat_open: false } } }),
  'attend-chat-empty': () => stage({ onAir: [ADA], tiles: camera }),
  'attend-questions': () =>
    stage({ onAir: [ADA], tiles: camera, room: talk, own: ['q5'], you: { upvoted: ['q1', 'q3'] } }, { openTab: 'questions' }),
  'attend-questions-empty': () => stage({ onAir: [ADA], tiles: camera }, { openTab: 'questions' }),
  'attend-questions-pending': () =>
    stage(
      {
        onAir: [ADA], tiles: camera, room: { settings: { ...settings, moderated: true } },
        pending: [{ kind: 'question', room: 'stage', backstage: false, text: 'E se cade la rete?', anonymous: true, secret: 's', id: null }],
      },
      { openTab: 'questions' },
    ),
  'attend-questions-mine': () =>
    stage(
      {
        onAir: [ADA], tiles: camera, own: ['q5', 'q3'], you: { upvoted: ['q1'] }, mine, followUps: promises,
        room: { ...talk, questions: enriched, labels, settings: { ...settings, moderated: true } },
      },
      { openTab: 'questions' },
    ),
  'attend-questions-closed': () =>
    stage({ onAir: [ADA], tiles: camera, room: { ...talk, settings: { ...settings, questions_closed: true } } }, { openTab: 'questions' }),
  'attend-chat-replies': () =>
    stage({ onAir: [ADA], tiles: camera, room: { chat: threaded, pinned: threaded.slice(0, 1), settings: { ...settings, links_off: true } }, own: ['m3'] }),
  'speaker-questions': () =>
    stage({ role: 'speaker', onAir: [ADA], tiles: camera, room: { ...talk, questions: given, labels } }, { opened: 'backstage' }),
  'attend-poll': () =>
    stage({ onAir: [ADA], tiles: camera, room: { ...talk, poll }, you: { vote: { poll: 'poll', option: 1 } } }, { openTab: 'polls' }),
  'attend-poll-closed': () => stage({ onAir: [ADA], tiles: camera, room: { poll: { ...poll, phase: 'closed' } } }, { openTab: 'polls' }),
  'attend-poll-revealed': () => stage({ onAir: [ADA], tiles: camera, room: { poll: revealed } }, { openTab: 'polls' }),
  ...Object.fromEntries(
    Object.entries({
      'multiple': [multiple, { answer: { poll: 'poll', answer: { kind: 'options', options: [1, 2] } } }],
      'rating': [rating, { answer: { poll: 'poll', answer: { kind: 'rating', rating: 9 } } }],
      'ranking': [ranking, {}],
      'words': [cloud, { answer: { poll: 'poll', answer: { kind: 'words', words: ['Tempo'] } } }],
      'text': [openText, {}],
      'quiz-join': [quiz, {}],
      'quiz': [quiz, { player: { poll: 'poll', nickname: 'Volpe', option: 0, points: 930 } }],
      'quiz-over': [quizOver, { player: { poll: 'poll', nickname: 'Volpe', option: 0, points: 1_755 } }],
      'multiple-shown': [multipleShown, {}],
      'rating-shown': [ratingShown, {}],
      'ranking-shown': [rankingShown, {}],
      'words-shown': [cloudShown, {}],
      'text-shown': [textsShown, {}],
      'quiz-shown': [quizShown, {}],
      'withheld': [withheld, {}],
    } satisfies Record<string, [PollView, Partial<YouView>]>).map(([name, [one, you]]) => [
      `poll-${name}`,
      () => stage({ onAir: [ADA], tiles: camera, room: { ...talk, poll: one }, you }, { openTab: 'polls' }),
    ]),
  ),
  'attend-poll-none': () => stage({ onAir: [ADA], tiles: camera }, { openTab: 'polls' }),
  'attend-silenced': () => stage({ onAir: [ADA], tiles: camera, room: talk, you: { silenced: true } }),

  'hand-accepted': () =>
    stage({
      you: { place: 'backstage', hand: { topic: null, stage: 'accepted', position: 0 } }, onAir: [ADA], waiting: [myself, CARLA],
      tiles: camera, speaker: { ...sending(), up: 'idle' }, backstage: { chat: aside },
    }),
  'hand-accepted-countdown': () =>
    stage({
      you: { place: 'backstage', hand: { topic: null, stage: 'accepted', position: 0 } }, onAir: [ADA], waiting: [myself, CARLA],
      tiles: camera, speaker: { ...sending(), up: 'idle', countdown: 8 },
    }, {}, 'prompter-cancel'),
  'hand-on-air-unseen': () =>
    stage({
      you: { place: 'on_air', hand: { topic: null, stage: 'accepted', position: 0 } }, onAir: [ADA, { ...myself, sources: [] }],
      tiles: camera, speaker: { ...sending(), up: 'idle' },
    }, {}, 'on-air-unseen'),
  'speaker-second-tab': () =>
    stage({ role: 'speaker', you: { place: 'on_air', sources: myself.sources }, onAir: [ADA, myself], tiles: camera }, { opened: 'backstage' }, 'on-air-elsewhere'),
  'speaker-before': () => stage({ role: 'speaker', onAir: [ADA], tiles: camera }, { opened: 'backstage' }),
  'speaker-denied': () => stage({ role: 'speaker', speaker: speaker({ trouble: 'denied' }) }, { opened: 'backstage' }),
  'speaker-backstage': () =>
    stage(
      { role: 'speaker', you: { place: 'backstage' }, onAir: [ADA], waiting: [myself, CARLA], tiles: camera, speaker: sending(),
        backstage: { chat: aside, countdowns: [{ participant: 'carla', at_unix_ms: NOW_MS + 7_000 }] } },
      { opened: 'backstage' },
    ),
  'speaker-countdown': () =>
    stage(
      { role: 'speaker', you: { place: 'backstage' }, waiting: [myself], speaker: { ...sending(), countdown: 4 } },
      { opened: 'backstage' }, 'countdown',
    ),
  'speaker-countdown-elsewhere': () =>
    stage({ role: 'speaker', you: { place: 'backstage' }, waiting: [myself], speaker: { ...sending(), countdown: 4 } }, { opened: 'attend' }, 'prompter-cancel'),
  'speaker-on-air': () =>
    stage(
      {
        role: 'speaker', you: { place: 'on_air' }, onAir: [ADA, BRUNO, myself], tiles: [tile(1, ADA), tile(2, BRUNO)], waiting: [],
        speaker: { ...sending(), micOn: false, screenOn: true, screenPreview: asTrack(paintSlide()) },
      },
      { opened: 'backstage' },
    ),
  'speaker-directed': () =>
    stage(
      {
        role: 'speaker', you: { place: 'on_air', directions: yours }, onAir: [ADA, { ...myself, title: 'Ente di Esempio' }], tiles: camera,
        speaker: sending(), backstage: timer(204),
      },
      { opened: 'backstage' },
    ),
  'speaker-over-time': () =>
    stage(
      {
        role: 'speaker', you: { place: 'on_air' }, onAir: [ADA, myself], tiles: camera, speaker: sending(), backstage: timer(-75),
        room: shown({ sound_off: true, resuming: true }),
      },
      { openTab: 'chat', opened: 'attend' },
    ),
  'breakout-announced': () =>
    stage({ onAir: [ADA], tiles: camera, event: { breakout: breakout({ phase: 'announced', until_unix_ms: NOW_MS + 4_000 }) }, you: { breakout: going } }),
  'breakout-choose': () =>
    stage({ onAir: [ADA], tiles: camera, event: { breakout: breakout({ mode: 'self_select', free: [0, 5, 1, 3, 0, 2] }) } }),
  'breakout-full': () => stage({ onAir: [ADA], tiles: camera, event: { breakout: breakout({ latecomers: 'choose', free: [0, 0, 0, 0, 0, 0] }) } }),
  'breakout-inside': () =>
    stage({
      you: inside, event: { breakout: breakout({ told }) }, room: { room: inside.room, people: 4, cards, help: 'coming' },
      onAir: [myself, BRUNO, CARLA, ADA], tiles: [tile(1, BRUNO)], speaking: ['bruno'], own: ['c2'],
      speaker: speaker({ micOn: false, cameraOn: false }),
    }),
  'breakout-twelve': () =>
    stage({ you: inside, event: { breakout: breakout() }, room: { room: inside.room, people: 12 }, onAir: [myself, ...panel.slice(0, 11)], speaking: ['p3'], speaker: speaker({ micOn: false, cameraOn: false }) }),
  'breakout-listens': () =>
    stage({ you: { ...inside, place: 'audience' }, event: { breakout: breakout() }, room: { room: inside.room, people: 13 }, onAir: panel.slice(0, 12) }, {}, 'breakout-listens'),
  'breakout-closing': () =>
    stage({
      you: inside, event: { breakout: breakout({ phase: 'closing', until_unix_ms: NOW_MS + 24_000 }) }, room: { room: inside.room, people: 2, help: 'called' },
      onAir: [myself, CARLA], speaker: sending(),
    }),
  'breakout-notes-shown': () => stage({ onAir: [ADA], tiles: camera, room: { ...talk, cards_shown: cardsShown() } }),
  'breakout-notes': () => stage({ onAir: [ADA], tiles: camera, own: ['c3'], room: { cards_shown: cardsShown() } }, { opened: 'notes' }),
  'breakout-notes-moderator': () =>
    stage({ role: 'moderator', moderators: {}, onAir: [ADA], tiles: camera, room: { cards_shown: cardsShown({ room: 'breakout-1-2', topic: null, cards: manyNotes }) } }, { opened: 'notes' }),
  'breakout-notes-none': () => stage({ onAir: [ADA], tiles: camera, room: { cards_shown: cardsShown({ rooms: [{ room: inside.room, title: 'Collaudo', cards: 0 }], cards: [] }) } }, { opened: 'notes' }),
  'breakout-notes-hidden': () => stage({ onAir: [ADA], tiles: camera }, { opened: 'notes' }),
  'breakout-stayed': () => stage({ onAir: [ADA], tiles: camera, event: { breakout: breakout() }, you: { breakout: { ...seat, facilitator: false } } }),
  direct: () =>
    stage(
      {
        role: 'organiser', onAir: [ADA, BRUNO], waiting: [CARLA], tiles: [tile(1, ADA), tile(2, BRUNO)],
        room: directed, moderators: desk, backstage: countdown,
      },
      { opened: 'direct' },
      'hand-away',
    ),
  'direct-show': () =>
    stage(
      {
        role: 'moderator', onAir: LINED, waiting: [{ ...CARLA, participant: 'c2', name: 'Dora Neri' }], tiles: [tile(1, ADA), tile(2, BRUNO)],
        moderators: { ...desk, directions: DIRECTIONS }, backstage: timer(48), room: { ...directed, ...shown({ sound_off: true, resuming: true, layout: 'speaker' }) },
      },
      { opened: 'direct' },
    ),
  'direct-polls': () =>
    stage({ role: 'moderator', moderators: formsDesk, room: { ...directed, poll: quiz } }, { opened: 'direct' }),
  'direct-empty': () => stage({ role: 'moderator', moderators: {} }, { opened: 'direct' }),
  'direct-slot-poll': () =>
    stage({ role: 'moderator', moderators: { ...desk, polls: [pulse] }, room: { ...directed, poll: null }, event: { agenda: [{ ...agenda[0]!, ends_unix_ms: NOW_MS - 60_000, poll: pulse.poll }] } }, { opened: 'direct' }),
  'direct-breakouts': () =>
    stage({ role: 'moderator', moderators: {}, event: { breakout: breakout() }, breakouts: oneRound(round()) }, { opened: 'direct' }),
  'direct-breakouts-dry': () => stage({ role: 'moderator', moderators: {}, breakouts: rehearsing }, { opened: 'direct' }, 'rehearsal'),
  'breakout-looks-in': () =>
    stage({ role: 'moderator', you: { room: inside.room, place: 'audience' }, room: { room: inside.room, people: 1 }, breakouts: rehearsing }, {}, 'looks-in'),
  'direct-keys': () => stage({ role: 'moderator', moderators: desk, room: directed }, { opened: 'direct', keysOpen: true }),

  'stands-list': () => stage({ onAir: [ADA], tiles: camera, event: { stands: STANDS } }, { opened: 'stands' }),
  'stands-empty': () => stage({ onAir: [ADA], tiles: camera }, { opened: 'stands' }),
  'stands-page': () =>
    stage({ onAir: [ADA], tiles: camera, event: { stands: STANDS }, stands: standCards({ view: standView }) }, { opened: 'stands', stand: 'desk' }),
  'stands-keeper': () =>
    stage(
      { onAir: [ADA], tiles: camera, event: { stands: STANDS }, you: { keeps: kept }, stands: standCards({ view: standView, messages: left }) },
      { opened: 'stands', stand: 'desk' },
    ),
  'stands-moderator': () =>
    stage(
      { role: 'organiser', onAir: [ADA], tiles: camera, event: { stands: STANDS }, stands: standCards({ view: { ...standView, state: 'hidden' } }) },
      { opened: 'stands', stand: 'desk' },
    ),
  'stands-form': () => stage({ onAir: [ADA], tiles: camera, event: { stands: STANDS } }, { opened: 'stands', standForm: true }),
  'stands-publiccode': () =>
    stage({ onAir: [ADA], tiles: camera, event: { stands: STANDS } }, { opened: 'stands', standForm: PUBLICCODE }, 'publiccode-left'),

  ...HOST_STATES,
};
