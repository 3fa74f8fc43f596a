// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// What the pages of the fair are drawn from. The live model and the fixtures of the page states both fit these shapes.

import type { CardView, Command, OwnQuestion, ParticipantId, PollDraft, Reaction, RefusalCode, RoomQuestion, Shown, SlotKind, SourceKind } from '../../protocol';
import type { DeviceChoice, DeviceTrouble } from '../../media/devices';
import type { UpState } from '../../media/up';
import type { SlotState } from '../../media/video-slot';
import type { Outcome } from '../../session/outbox';
import type { FairState } from '../../state/fair';
import type { OwnText } from '../../state/own';
import type { Roster } from '../../state/roster';
import type { Similar } from './similar';
import type { StandsModel } from './stands.svelte';

/** A picture slot as the stage draws it. */
export interface Tile {
  readonly slot: number;
  readonly takes: SlotKind;
  readonly state: SlotState;
  readonly shows: Shown | null;
  readonly codec: string | null;
  readonly element: HTMLElement;
}

export type Link = 'connecting' | 'online' | 'reconnecting' | 'closed';

/** Reactions that fly by. */
export interface Flying {
  readonly n: number;
  readonly reaction: Reaction;
  readonly count: number;
}

export interface IdeaWords {
  readonly title: string;
  readonly notes: string;
  readonly presents: boolean;
}

export interface FairModel {
  readonly link: Link;
  /** Why `link` is closed; null: one left. */
  readonly closedBy: RefusalCode | null;
  readonly state: FairState;
  readonly tiles: readonly Tile[];
  readonly roster: Roster;
  readonly volume: number;
  readonly muted: boolean;
  readonly audioOnly: boolean;
  readonly tapToHear: boolean;
  /** The last refusal, until it is put away. */
  readonly notice: RefusalCode | null;
  readonly speaker: SpeakerModel;
  readonly stands: StandsModel;
  /** A room that is full and is tried again until there is space, or it is given up. */
  readonly waitingFor: string | null;
  readonly flying: readonly Flying[];
  /** Own questions in this room that the server was not heard of yet. */
  readonly pending: readonly OwnText[];
  /** Own questions in this room, whatever became of them, the last asked first. */
  readonly mine: readonly OwnQuestion[];
  /** The board of promises of the event; null: not asked for yet. */
  readonly followUps: readonly RoomQuestion[] | null;
  /** The draft that was asked for last, as it was prepared; until it is taken. */
  readonly pollDraft: { readonly poll: string; readonly draft: PollDraft } | null;
  /** Cards of a breakout room that are shown here, as they were when they were last asked for. */
  readonly cardsRead: CardsRead | null;
  enter(room: string): void;
  leave(): void;
  setVolume(volume: number): void;
  toggleMuted(): void;
  toggleAudioOnly(): void;
  hear(): void;
  openRoster(): void;
  moreRoster(): void;
  dismissNotice(): void;
  command(command: Command): void;
  /** Like `command`, for who tells of a refusal in their own words: it does not become the notice. */
  ask(command: Command): Promise<Outcome>;
  /** Asks a question, and remembers that it is one's own. */
  question(text: string, anonymous: boolean): Promise<Outcome>;
  /** Says something in the chat, or in that of the backstage. */
  chat(text: string, backstage: boolean, replyTo?: string | null): Promise<Outcome>;
  /** Gives an own question other words, or one that waits as a moderator. */
  editQuestion(question: string, text: string): Promise<Outcome>;
  editMessage(message: string, text: string): Promise<Outcome>;
  /** Questions of this room that are like one that is being written. */
  similar(text: string): Promise<readonly Similar[]>;
  openFollowUps(): void;
  openPollDraft(poll: string): void;
  takePollDraft(): { readonly poll: string; readonly draft: PollDraft } | null;
  readCards(room: string): void;
  /** The direction shows no person's picture here, so that none need be sent. */
  hideCameras(hidden: boolean): void;
  /** Whether a question or message is one's own and can be taken back. */
  owns(id: string): boolean;
  withdraw(question: string): Promise<Outcome>;
  deleteMessage(message: string): Promise<Outcome>;
  /** Puts a card on the board of the breakout room. */
  addCard(text: string): Promise<Outcome>;
  editCard(card: string, text: string): Promise<Outcome>;
  eraseCard(card: string): Promise<Outcome>;
  /** Proposes an idea, and remembers that it is one's own. */
  proposeIdea(words: IdeaWords, anonymous: boolean): Promise<Outcome>;
  editIdea(idea: string, words: IdeaWords): Promise<Outcome>;
  /** Erases an idea: one's own by its secret, another one as a moderator. */
  eraseIdea(idea: string): Promise<Outcome>;
  /** Thanks somebody by their id; the name is remembered in this browser alone. */
  giveThanks(participant: string, name: string, text: string): Promise<Outcome>;
  showThanks(thanks: string): Promise<Outcome>;
  /** Whether thanks for oneself were made public here, and can be hidden also after the event. */
  showed(thanks: string): boolean;
  hideThanks(thanks: string): Promise<Outcome>;
  eraseThanks(thanks: string): Promise<Outcome>;
  /** Thanks that one gave and can take back: whom they are for stands in `text`. */
  readonly givenThanks: readonly OwnText[];
  stopWaiting(): void;
  /** The server's clock, milliseconds since 1970. */
  serverNow(): number;
}

/** The cards of one breakout room, best supported first. */
export interface CardsRead {
  readonly room: string;
  readonly topic: string | null;
  readonly cards: readonly CardView[];
}

/** What a speaker is told beside the devices: a fault, or what somebody else did. */
export type SpeakerTrouble = DeviceTrouble | 'shareFailed' | 'mutedByOthers' | 'camOffByOthers';

export interface SpeakerModel {
  readonly devices: 'closed' | 'opening' | 'open';
  readonly trouble: SpeakerTrouble | null;
  readonly entering: boolean;
  readonly micOn: boolean;
  readonly cameraOn: boolean;
  readonly screenOn: boolean;
  /** The camera's own picture. */
  readonly preview: MediaStreamTrack | null;
  /** One's own shared screen. */
  readonly screenPreview: MediaStreamTrack | null;
  readonly level: number;
  readonly up: UpState;
  /** Seconds left; null: no countdown runs. */
  readonly countdown: number | null;
  readonly choice: DeviceChoice;
  readonly microphones: readonly { id: string; label: string }[];
  readonly cameras: readonly { id: string; label: string }[];
  check(): void;
  enterBackstage(): void;
  leaveBackstage(): void;
  toggleMic(): void;
  toggleCamera(): void;
  share(sound: boolean): void;
  stopShare(): void;
  goOnAir(): void;
  cancelCountdown(): void;
  goNow(): void;
  leaveAir(): void;
  choose(choice: DeviceChoice): void;
}

/** Somebody else's source, as a moderator sees it. */
export type SourceOf = { participant: ParticipantId; source: SourceKind };
