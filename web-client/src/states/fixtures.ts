// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A fair from fixtures: the shapes that the pages are drawn from, without session or media.

import type { BackstageView, BreakoutsView, CaptionLine, EventView, ModeratorsView, OrganisersView, Publisher, Role, RoomView, YouView } from '../protocol';
import { stateOf } from '../state/fair';
import { backstageView, captionsView, eventView, moderatorsView, roomSummary, roomView, youView } from '../testing/views';
import type { Outcome } from '../session/outbox';
import { NO_ROSTER } from '../state/roster';
import type { StandsModel } from '../ui/model/stands.svelte';
import type { FairModel, SpeakerModel, Tile } from '../ui/model/shape';
import { inSlot, paintSlide, paintSpeaker } from './pictures';

const nothing = (): void => undefined;
const done = (): Promise<Outcome> => Promise.resolve({ ok: true });

/** The moment at which the page states stand still. */
export const NOW_MS = Date.UTC(2026, 9, 14, 8, 42);

export const ADA: Publisher = { participant: 'ada', name: 'Ada Bianchi', sources: ['mic', 'camera'] };
export const BRUNO: Publisher = { participant: 'bruno', name: 'Bruno De Santis Marchetti', sources: ['mic', 'camera'] };
export const CARLA: Publisher = { participant: 'carla', name: 'Carla Neri', sources: ['mic'] };

export function you(over: Partial<YouView> = {}): YouView {
  return youView({ participant: 'me', name: 'Dario Verdi', ...over });
}

export function room(onAir: Publisher[], speaking: string[] = [], over: Partial<RoomView> = {}): RoomView {
  return roomView({ people: 312, on_air: onAir, speaking, ...over });
}

export function speaker(over: Partial<SpeakerModel> = {}): SpeakerModel {
  return {
    devices: 'closed', trouble: null, entering: false, micOn: true, cameraOn: true, screenOn: false, preview: null, screenPreview: null,
    level: 0, up: 'idle', countdown: null, choice: { microphone: 'm1', camera: 'c1' },
    microphones: [{ id: 'm1', label: 'Microfono integrato' }, { id: 'm2', label: 'Cuffie USB' }],
    cameras: [{ id: 'c1', label: 'Webcam HD integrata' }],
    check: nothing, enterBackstage: nothing, leaveBackstage: nothing, toggleMic: nothing, toggleCamera: nothing,
    share: nothing, stopShare: nothing, goOnAir: nothing, cancelCountdown: nothing, goNow: nothing, leaveAir: nothing,
    choose: nothing,
    ...over,
  };
}

export function stands(over: Partial<StandsModel> = {}): StandsModel {
  return {
    view: null, messages: null, cards: null, look: nothing, read: nothing, loadCards: nothing, open: done, edit: done, set: done,
    remove: done, reuse: done, eraseAdopter: done, leave: done, eraseMessage: done, left: () => [], takeBack: done, giveWord: done,
    keep: done, renew: done, keeperLink: () => null, proves: () => false, ...over,
  };
}

export function tile(slot: number, who: Publisher, over: Partial<Tile> = {}): Tile {
  const screen = over.takes === 'screen';
  const shown = (over.state ?? 'shown') === 'shown';
  return {
    slot, takes: 'camera', state: 'shown', codec: null,
    shows: { participant: who.participant, source: screen ? 'screen' : 'camera' },
    element: inSlot(shown ? (screen ? paintSlide() : paintSpeaker(200 + slot * 70)) : null),
    ...over,
  };
}

interface Parts extends Partial<Omit<FairModel, 'state'>> {
  role?: Role;
  you?: Partial<YouView>;
  onAir?: Publisher[];
  speaking?: string[];
  waiting?: Publisher[];
  phase?: 'draft' | 'open' | 'live' | 'ended';
  /** The room has not been heard of yet. */
  nowhere?: boolean;
  /** What is different of the streams. */
  event?: Partial<EventView>;
  room?: Partial<RoomView>;
  backstage?: Partial<BackstageView>;
  moderators?: Partial<ModeratorsView>;
  captions?: CaptionLine[];
  organisers?: OrganisersView;
  breakouts?: BreakoutsView;
  /** Ids of questions and messages that are one's own. */
  own?: string[];
}

export function fair(parts: Parts = {}): FairModel {
  const { role, you: yours, onAir = [], speaking, waiting = [], phase = 'live', nowhere, own = [], ...rest } = parts;
  const { event, room: roomOver, captions = [], backstage, moderators, organisers = null, breakouts = null, ...over } = rest;
  const rooms = [
    roomSummary('stage', {
      title: 'Palco principale', titles: { it: 'Palco principale', en: 'Main stage' }, people: 312, live: onAir.length > 0,
    }),
    roomSummary('stand-k8s', {
      room_kind: 'stand', title: 'Stand: Kubernetes in produzione', people: 18, live: true,
      titles: { it: 'Stand: Kubernetes in produzione', en: 'Stand: Kubernetes in production' },
    }),
    roomSummary('stand-rpa', {
      room_kind: 'stand', title: 'Stand: automazione', titles: { it: 'Stand: automazione', en: 'Stand: automation' },
    }),
    roomSummary('lobby', { room_kind: 'lobby', title: 'Atrio', titles: { it: 'Atrio', en: 'Lobby' }, people: 11 }),
  ];
  const state = stateOf({
    event: nowhere
      ? null
      : eventView({
          title: 'Fiera Digitale DevOps 2026', titles: { it: 'Fiera Digitale DevOps 2026', en: 'Digital DevOps Fair 2026' },
          phase, people: 341, rooms, ...event,
        }),
    you: nowhere ? null : you({ ...yours, ...(role ? { role } : {}) }),
    room: nowhere ? null : room(onAir, speaking, roomOver),
    backstage: nowhere ? null : backstageView({ waiting, ...backstage }),
    captions: nowhere ? null : captionsView({ lines: captions }),
    moderators: moderators ? moderatorsView(moderators) : null,
    organisers,
    breakouts,
  });
  return {
    link: 'online', closedBy: null, state, tiles: [], roster: NO_ROSTER, volume: 0.8, muted: false, audioOnly: false,
    tapToHear: false, notice: null, speaker: speaker(), stands: stands(),
    enter: nothing, leave: nothing, setVolume: nothing, toggleMuted: nothing, toggleAudioOnly: nothing, hear: nothing,
    openRoster: nothing, moreRoster: nothing, dismissNotice: nothing, stopWaiting: nothing,
    command: nothing, ask: done, question: done, chat: done, withdraw: done, deleteMessage: done, editQuestion: done, editMessage: done,
    proposeIdea: done, editIdea: done, eraseIdea: done, giveThanks: done, showThanks: done, hideThanks: done, eraseThanks: done,
    givenThanks: [],
    addCard: done, editCard: done, eraseCard: done,
    similar: () => Promise.resolve([]), openFollowUps: nothing, openPollDraft: nothing, takePollDraft: () => null, hideCameras: nothing, showed: (id) => own.includes(id), owns: (id) => own.includes(id),
    serverNow: () => NOW_MS, waitingFor: null, flying: [], pending: [], mine: [], followUps: null, pollDraft: null, cardsRead: null, readCards: nothing,
    ...over,
  };
}
