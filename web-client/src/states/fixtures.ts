// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A fair from fixtures: the shapes that the pages are drawn from, without session or media.

import type { Publisher, Role, RoomView, YouView } from '../protocol';
import { stateOf } from '../state/fair';
import { NO_ROSTER } from '../state/roster';
import type { FairModel, SpeakerModel, Tile } from '../ui/model/shape';
import { inSlot, paintSlide, paintSpeaker } from './pictures';

const nothing = (): void => undefined;

export const ADA: Publisher = { participant: 'ada', name: 'Ada Bianchi', sources: ['mic', 'camera'] };
export const BRUNO: Publisher = { participant: 'bruno', name: 'Bruno De Santis Marchetti', sources: ['mic', 'camera'] };
export const CARLA: Publisher = { participant: 'carla', name: 'Carla Neri', sources: ['mic'] };

export function you(over: Partial<YouView> = {}): YouView {
  return { participant: 'me', name: 'Dario Verdi', role: 'attendee', room: 'stage', place: 'audience', sources: [], ...over };
}

export function room(onAir: Publisher[], speaking: string[] = []): RoomView {
  return { room: 'stage', people: 312, on_air: onAir, speaking };
}

export function speaker(over: Partial<SpeakerModel> = {}): SpeakerModel {
  return {
    devices: 'closed', trouble: null, entering: false, micOn: true, cameraOn: true, screenOn: false, preview: null,
    level: 0, up: 'idle', countdown: null, choice: { microphone: 'm1', camera: 'c1' },
    microphones: [{ id: 'm1', label: 'Microfono integrato' }, { id: 'm2', label: 'Cuffie USB' }],
    cameras: [{ id: 'c1', label: 'Webcam HD integrata' }],
    check: nothing, enterBackstage: nothing, leaveBackstage: nothing, toggleMic: nothing, toggleCamera: nothing,
    share: nothing, stopShare: nothing, goOnAir: nothing, cancelCountdown: nothing, goNow: nothing, leaveAir: nothing,
    choose: nothing,
    ...over,
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
}

export function fair(parts: Parts = {}): FairModel {
  const { role, you: yours, onAir = [], speaking, waiting = [], phase = 'live', nowhere, ...over } = parts;
  const state = stateOf({
    event: nowhere
      ? null
      : {
          event: 'demo', title: 'Fiera Digitale DevOps 2026', phase, people: 341,
          rooms: [
            { room: 'stage', room_kind: 'stage', title: 'Palco principale', people: 312, live: onAir.length > 0 },
            { room: 'stand-k8s', room_kind: 'stand', title: 'Stand: Kubernetes in produzione', people: 18, live: true },
            { room: 'stand-rpa', room_kind: 'stand', title: 'Stand: automazione', people: 0, live: false },
            { room: 'lobby', room_kind: 'lobby', title: 'Atrio', people: 11, live: false },
          ],
        },
    you: nowhere ? null : you({ ...yours, ...(role ? { role } : {}) }),
    room: nowhere ? null : room(onAir, speaking),
    backstage: nowhere ? null : { room: 'stage', waiting },
  });
  return {
    link: 'online', closedBy: null, state, tiles: [], roster: NO_ROSTER, volume: 0.8, muted: false, audioOnly: false,
    tapToHear: false, notice: null, speaker: speaker(),
    enter: nothing, leave: nothing, setVolume: nothing, toggleMuted: nothing, toggleAudioOnly: nothing, hear: nothing,
    openRoster: nothing, moreRoster: nothing, dismissNotice: nothing, command: nothing,
    ask: () => Promise.resolve({ ok: true }),
    ...over,
  };
}
