// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The live model of the fair pages: one session, one viewing connection, one publisher, put together. It decides what
// follows from what (welcome -> enter -> watch) and what is said aloud; it draws nothing.

import { AudioPool } from '../../media/audio-pool';
import { Down } from '../../media/down';
import type { Command, EventView, OwnQuestion, PollDraft, RefusalCode, RoomQuestion, ServerMessage } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { Session, type Status } from '../../session/session';
import { EMPTY, breakoutRoom, firstRoom, reduce, type FairState } from '../../state/fair';
import type { OwnText } from '../../state/own';
import { NO_ROSTER, nextAfter, withPage, type Roster } from '../../state/roster';
import { language } from '../../text/language.svelte';
import { recall, remember, rememberPicks, rememberPlace } from '../memory';
import { voice } from '../parts/voice.svelte';
import { browserWorld } from './browser-world';
import { News } from './news';
import { OwnTexts } from './own-texts.svelte';
import { ServerClock } from './server-clock';
import type { CardsRead, FairModel, Flying, Link, Tile, IdeaWords } from './shape';
import { similarTo, type Similar } from './similar';
import { Speaker } from './speaker.svelte';
import { Stands, takeKeeperLink } from './stands.svelte';

/** Camera slots asked for: fewer on phones. */
const VIDEO_SLOTS = 12;
const VIDEO_SLOTS_PHONE = 6;
const PHONE = '(max-width: 767px)';
/** A full room is tried again after this long, plus as much at random. */
const FULL_AGAIN_MS = 4_000;
/** How often one looks for own questions that wait. */
const OWN_EVERY_MS = 15_000;
/** Reactions drawn at a time, and for how long. */
const FLYING_MAX = 24;
const FLY_MS = 3_000;

/** Refusals without a command that a person should see. */
const TELLING: ReadonlySet<RefusalCode> = new Set(['sdp', 'room_full', 'event_closed', 'unavailable']);

export class Fair implements FairModel {
  link = $state<Link>('connecting');
  closedBy = $state<RefusalCode | null>(null);
  state = $state.raw<FairState>(EMPTY);
  tiles = $state.raw<readonly Tile[]>([]);
  roster = $state.raw<Roster>(NO_ROSTER);
  volume = $state(Number(recall('volume') ?? '1'));
  muted = $state(false);
  audioOnly = $state(false);
  tapToHear = $state(false);
  notice = $state<RefusalCode | null>(null);
  waitingFor = $state<string | null>(null);
  flying = $state.raw<readonly Flying[]>([]);
  readonly speaker: Speaker;
  readonly stands: Stands;

  /** The board of promises of the event; null: not asked for yet. */
  followUps = $state.raw<readonly RoomQuestion[] | null>(null);
  #camerasHidden = false;
  pollDraft = $state.raw<{ readonly poll: string; readonly draft: PollDraft } | null>(null);
  cardsRead = $state.raw<CardsRead | null>(null);

  readonly #event: string;
  readonly #own: OwnTexts;
  readonly #news = new News();
  readonly #serverClock = new ServerClock(browserWorld.clock, Date.now());
  readonly #session: Session;
  readonly #down: Down;
  readonly #audio: AudioPool;
  readonly #name: string;
  /** The room to be in; followed after a server that forgot us. */
  #wish: string | null = null;
  /** The room that the address asked for, until it was looked at. */
  #asked: string | null;
  #entering = false;
  #fullTimer: unknown = null;
  #ownTimer: unknown = null;
  #flown = 0;
  #watched = false;
  /** Entering was tried on this connection; a refusal is not repeated by itself. */
  #arrived = false;
  /** The server has said on this connection where one stands; what is known from before may be out of date. */
  #placed = false;
  #everPlaced = false;
  /** Of the `you` stream; another one after a reconnect means that the server was started anew. */
  #epoch = -1;

  constructor(options: { event: string; name: string; resume: string | null; room?: string | null; audio: AudioPool }) {
    const { event, name, resume, room = null, audio } = options;
    this.#wish = room;
    this.#asked = room;
    this.#audio = audio;
    this.#name = name;
    this.#event = event;
    this.#own = new OwnTexts(event, (secrets) => void this.#session.tell({ kind: 'mine', secrets }), () => this.stands.asked);
    this.#session = new Session({
      event,
      name: name || undefined,
      resume: resume ?? undefined,
      world: browserWorld,
      onMessage: (message) => this.#heard(message),
      onStatus: (status) => this.#moved(status),
      onResumeToken: (token) => rememberPlace(token === null ? null : { event, name, resume: token }),
    });
    const send = this.#session.tell.bind(this.#session);
    const videoSlots = matchMedia(PHONE).matches ? VIDEO_SLOTS_PHONE : VIDEO_SLOTS;
    this.#down = new Down({ send, changed: () => this.#tilesChanged(), audio, videoSlots });
    this.speaker = new Speaker({
      send,
      command: (command) => this.#run(command),
      secondsUntil: (unixMs) => this.#serverClock.secondsUntil(unixMs),
    });
    this.stands = new Stands({
      event, tell: send, run: (step) => this.#run({ kind: 'stand', step }), uuid: () => browserWorld.chance.uuid(),
      find: () => this.#own.refresh(),
    });
    audio.onRefused = (refused) => (this.tapToHear = refused);
    audio.volume = this.volume;
    rememberPlace({ event, name, resume });
    addEventListener('online', this.#nudge);
    this.#session.start();
  }

  get pending(): readonly OwnText[] {
    return this.#own.pending(this.state.you?.room ?? null);
  }

  get mine(): readonly OwnQuestion[] {
    return this.#own.in(this.state);
  }

  enter(room: string): void {
    this.stopWaiting();
    this.#enter(room);
  }

  stopWaiting(): void {
    this.waitingFor = null;
    browserWorld.clock.cancel(this.#fullTimer);
  }

  #enter(room: string): void {
    this.#wish = room;
    this.#entering = true;
    void this.#session.command({ kind: 'enter', room }).then((outcome) => {
      this.#entering = false;
      if (outcome.ok || this.#wish !== room) return this.stopWaiting();
      if (outcome.code === 'room_full') return this.#wait(room);
      this.stopWaiting();
      this.notice = outcome.code;
    });
  }

  /** There is no space: said once in words, and tried again until there is. */
  #wait(room: string): void {
    if (this.link === 'closed') return;
    this.waitingFor = room;
    const pause = FULL_AGAIN_MS * (1 + browserWorld.chance.random());
    this.#fullTimer = browserWorld.clock.after(pause, () => this.waitingFor === room && this.#enter(room));
  }

  leave(): void {
    this.#own.forget();
    this.stands.forget();
    if (this.state.you) rememberPicks(this.#event, this.state.you.participant, []);
    this.speaker.dispose();
    this.#session.tell({ kind: 'stop_watching' });
    void this.#session.command({ kind: 'leave' });
    this.#session.stop();
  }

  setVolume(volume: number): void {
    this.volume = volume;
    this.#audio.volume = volume;
    remember('volume', String(volume));
    if (this.muted && volume > 0) this.toggleMuted();
  }

  toggleMuted(): void {
    this.muted = !this.muted;
    this.#audio.muted = this.muted;
  }

  toggleAudioOnly(): void {
    this.audioOnly = !this.audioOnly;
    this.#hide();
  }

  hideCameras(hidden: boolean): void {
    if (hidden === this.#camerasHidden) return;
    this.#camerasHidden = hidden;
    this.#hide();
  }

  #hide(): void {
    this.#down.hide(this.audioOnly ? 'all' : this.#camerasHidden ? 'cameras' : 'none');
  }

  hear(): void {
    this.#audio.unlock();
  }

  openRoster(): void {
    this.roster = { ...NO_ROSTER, loading: this.#session.tell({ kind: 'roster' }) };
  }

  moreRoster(): void {
    const after = nextAfter(this.roster);
    const loading = this.#session.tell(after === undefined ? { kind: 'roster' } : { kind: 'roster', after });
    this.roster = { ...this.roster, loading };
  }

  dismissNotice(): void {
    this.notice = null;
  }

  command(command: Command): void {
    void this.#run(command);
  }

  ask(command: Command): Promise<Outcome> {
    return this.#session.command(command);
  }

  question(text: string, anonymous: boolean): Promise<Outcome> {
    const own = this.#written('question', text, { anonymous });
    return this.#sent(own, { kind: 'ask', text: own.text, anonymous, secret: own.secret });
  }

  chat(text: string, backstage: boolean, replyTo: string | null = null): Promise<Outcome> {
    const own = this.#written('message', text, { backstage });
    const where = { ...(backstage ? { backstage } : {}), ...(replyTo ? { reply_to: replyTo } : {}) };
    return this.#sent(own, { kind: 'chat', text: own.text, ...where, secret: own.secret });
  }

  async editQuestion(question: string, text: string): Promise<Outcome> {
    const secret = this.#own.secret(question);
    const outcome = await this.#session.command({ kind: 'edit_question', question, text, ...(secret ? { secret } : {}) });
    this.#own.refresh();
    return outcome;
  }

  editMessage(message: string, text: string): Promise<Outcome> {
    return this.#session.command({ kind: 'edit_message', message, text, secret: this.#own.secret(message) ?? '' });
  }

  similar(text: string): Promise<readonly Similar[]> {
    return similarTo(this.#event, this.state.you?.room ?? '', text);
  }

  openFollowUps(): void {
    this.#session.tell({ kind: 'follow_ups' });
  }

  openPollDraft(poll: string): void {
    this.#session.tell({ kind: 'poll_draft', poll });
  }

  takePollDraft(): typeof this.pollDraft {
    const taken = this.pollDraft;
    this.pollDraft = null;
    return taken;
  }

  readCards(room: string): void {
    this.#session.tell({ kind: 'cards', room });
  }

  owns(id: string): boolean {
    return this.#own.secret(id) !== null;
  }

  async withdraw(question: string): Promise<Outcome> {
    const outcome = await this.#run({ kind: 'withdraw_question', question, secret: this.#own.secret(question) ?? '' });
    if (outcome.ok) this.#own.withdrawn(question);
    return outcome;
  }

  deleteMessage(message: string): Promise<Outcome> {
    const secret = this.#own.secret(message);
    return this.#run({ kind: 'delete_message', message, ...(secret ? { secret } : {}) });
  }

  addCard(text: string): Promise<Outcome> {
    const own = this.#written('card', text, {});
    return this.#sent(own, { kind: 'breakouts', step: { kind: 'add_card', text: own.text, secret: own.secret } });
  }

  editCard(card: string, text: string): Promise<Outcome> {
    const secret = this.#own.secret(card) ?? '';
    return this.#session.command({ kind: 'breakouts', step: { kind: 'edit_card', card, text, secret } });
  }

  eraseCard(card: string): Promise<Outcome> {
    const secret = this.#own.secret(card);
    return this.#session.command({ kind: 'breakouts', step: { kind: 'erase_card', card, ...(secret ? { secret } : {}) } });
  }

  proposeIdea({ title, notes, presents }: IdeaWords, anonymous: boolean): Promise<Outcome> {
    const own = this.#written('idea', title, { room: '', anonymous });
    const words = { title: own.text, ...(notes.trim() ? { notes: notes.trim() } : {}), presents };
    return this.#found(own, { kind: 'ideas', step: { kind: 'propose', ...words, anonymous, secret: own.secret } });
  }

  editIdea(idea: string, { title, notes, presents }: IdeaWords): Promise<Outcome> {
    const words = { title: title.trim(), ...(notes.trim() ? { notes: notes.trim() } : {}), presents };
    return this.#session.command({ kind: 'ideas', step: { kind: 'edit', idea, ...words, secret: this.#own.secret(idea) ?? '' } });
  }

  eraseIdea(idea: string): Promise<Outcome> {
    const secret = this.#own.secret(idea);
    return this.#gone(secret, { kind: 'ideas', step: { kind: 'erase', idea, ...(secret ? { secret } : {}) } });
  }

  giveThanks(participant: string, name: string, text: string): Promise<Outcome> {
    const own = this.#written('thanks', name, { room: '' });
    const words = text.trim() ? { text: text.trim() } : {};
    return this.#found(own, { kind: 'thanks', step: { kind: 'give', participant, ...words, secret: own.secret } });
  }

  showThanks(thanks: string): Promise<Outcome> {
    const own = this.#written('shown', '', { room: '' });
    return this.#found(own, { kind: 'thanks', step: { kind: 'show', thanks, secret: own.secret } });
  }

  showed(thanks: string): boolean {
    return this.#own.shownSecret(thanks) !== null;
  }

  async hideThanks(thanks: string): Promise<Outcome> {
    const secret = this.#own.shownSecret(thanks);
    const step = { kind: 'hide', thanks, ...(secret ? { secret } : {}) } as const;
    const outcome = await this.#session.command({ kind: 'thanks', step });
    if (secret !== null && outcome.ok) this.#own.drop(secret);
    return outcome;
  }

  eraseThanks(thanks: string): Promise<Outcome> {
    const secret = this.#own.secret(thanks);
    return this.#gone(secret, { kind: 'thanks', step: { kind: 'erase', thanks, ...(secret ? { secret } : {}) } });
  }

  get givenThanks(): readonly OwnText[] {
    return this.#own.all.filter((one) => one.kind === 'thanks' && one.id !== null);
  }

  /** The server finds the id of what was written by its secret. */
  async #found(own: OwnText, command: Command): Promise<Outcome> {
    const outcome = await this.#session.command(command);
    this.#own.ended(own.secret, outcome);
    if (outcome.ok || outcome.lost) this.#own.refresh();
    return outcome;
  }

  async #gone(secret: string | null, command: Command): Promise<Outcome> {
    const outcome = await this.#session.command(command);
    if (secret !== null && (outcome.ok || outcome.code === 'unknown_item')) this.#own.drop(secret);
    return outcome;
  }

  serverNow(): number {
    return this.#serverClock.now();
  }

  #written(kind: OwnText['kind'], text: string, over: Partial<OwnText>): OwnText {
    const secret = browserWorld.chance.uuid();
    const room = this.state.you?.room ?? '';
    const own = { kind, room, backstage: false, anonymous: false, secret, id: null, ...over, text: text.trim() };
    // Before it is sent: the update may come before the answer is looked at.
    this.#own.add(own);
    return own;
  }

  async #sent(own: OwnText, command: Command): Promise<Outcome> {
    const outcome = await this.#session.command(command);
    this.#own.ended(own.secret, outcome);
    if (own.kind === 'question' && (outcome.ok || outcome.lost)) this.#lookForOwn();
    return outcome;
  }

  /** What became of one's own; of what waits for a moderator no message tells, so it is asked for now and then. */
  #lookForOwn(): void {
    browserWorld.clock.cancel(this.#ownTimer);
    if (this.link === 'online') this.#own.refresh();
    this.#ownTimer = browserWorld.clock.after(OWN_EVERY_MS, () => this.#own.waits && this.#lookForOwn());
  }

  dispose(): void {
    this.stopWaiting();
    browserWorld.clock.cancel(this.#ownTimer);
    removeEventListener('online', this.#nudge);
    this.#down.dispose();
    this.#audio.dispose();
    this.speaker.dispose();
  }

  readonly #nudge = (): void => this.#session.nudge();

  async #run(command: Command): Promise<Outcome> {
    const outcome = await this.#session.command(command);
    if (!outcome.ok) this.notice = outcome.code;
    return outcome;
  }

  #moved(status: Status): void {
    if (status.at === 'reconnecting' && this.link === 'online') voice.assertive(language.texts.fair.lostSpoken);
    this.link = status.at;
    if (status.at === 'online') {
      this.#watched = false;
      this.#placed = false;
      this.#arrived = false;
      this.#serverClock.set(status.serverUnixMs);
      this.#lookForOwn();
      if (status.first) this.#down.prepare();
      else voice.polite(language.texts.fair.back);
    }
    if (status.at === 'closed') {
      this.closedBy = status.code;
      this.dispose();
    }
  }

  #heard(message: ServerMessage): void {
    switch (message.kind) {
      case 'snapshot':
      case 'update': {
        const before = this.state;
        this.state = reduce(before, message);
        if (message.kind === 'update' && message.change.kind === 'reactions' && message.stream.of === 'room') {
          this.#fly(message.change.reactions);
        }
        // Stands first: what is asked for with one's own texts is then known.
        this.stands.follow(before, this.state);
        this.#own.follow(this.state);
        if (message.kind === 'update' && message.stream.of === 'room' && this.#own.concerns(message.change)) this.#lookForOwn();
        const returned = message.kind === 'snapshot' && message.stream.of === 'you' && !this.#placed;
        this.#placed ||= returned;
        const forgotten = returned && this.#epoch !== message.epoch;
        if (returned) this.#epoch = message.epoch;
        return this.#follow(before, this.state, returned, forgotten);
      }
      case 'mine':
        this.stands.proved(message.stands ?? []);
        return this.#own.heard(message);
      case 'stand':
      case 'stand_messages':
        return this.stands.heard(message);
      case 'cards':
        this.cardsRead = message;
        return;
      case 'follow_ups':
        this.followUps = message.questions;
        return;
      case 'poll_draft':
        this.pollDraft = message;
        return;
      case 'roster_page':
        this.roster = withPage(this.roster, message);
        return;
      case 'refused':
        // The others answer questions that crossed a move, and nobody asked them aloud.
        if (TELLING.has(message.code)) this.notice = message.code;
        return;
      case 'rack_offer':
      case 'slot_changed':
      case 'slot_paused':
      case 'cannot_decode':
        return this.#down.handle(message);
      case 'publish_answer':
      case 'layers_wanted':
        return this.speaker.handle(message);
      case 'media_closed':
        return message.direction === 'down' ? this.#down.handle(message) : this.speaker.handle(message);
    }
  }

  #follow(before: FairState, after: FairState, returned: boolean, forgotten: boolean): void {
    const { you, event } = after;
    if (you && (returned || before.you !== you)) {
      this.speaker.follow(you, returned && this.#everPlaced, forgotten, breakoutRoom(after) !== null);
    }
    if (this.#placed && you && event) {
      if (!this.#everPlaced) this.#useName(you.name);
      if (!this.#everPlaced) this.#takeKeeperLink();
      this.#everPlaced = true;
      const asked = this.#asked;
      this.#asked = null;
      if (you.room === null) this.#arrive(event);
      else this.#watch(you.room);
      // Already somewhere, with another tab or before a reload: the link still leads where it says.
      if (asked && you.room !== null && asked !== you.room && event.rooms.some(({ room }) => room === asked)) this.enter(asked);
    }
    this.#say(before, after);
  }

  /** Whoever comes by the link of a co-keeper keeps that stand from now on. */
  #takeKeeperLink(): void {
    const link = takeKeeperLink();
    if (link) void this.stands.keep(link.stand, link.secret);
  }

  /** The server takes the name of `hello` for newcomers only. */
  #useName(known: string): void {
    if (this.#name && this.#name !== known) void this.#session.command({ kind: 'rename', name: this.#name });
  }

  /** Nowhere yet on this connection: back to where one was, else to where something happens. */
  #arrive(event: EventView): void {
    if (this.#entering || this.#arrived || event.phase === 'ended') return;
    this.#arrived = true;
    const known = event.rooms.some((room) => room.room === this.#wish);
    const target = known ? this.#wish : firstRoom(event);
    if (target) this.enter(target);
  }

  #watch(room: string): void {
    this.#wish = room;
    if (this.#watched) return;
    this.#watched = true;
    this.#down.watch();
  }

  #say(before: FairState, after: FairState): void {
    for (const { urgent, sentence } of this.#news.between(before, after, language.current, language.all)) {
      if (urgent) voice.assertive(sentence);
      else voice.polite(sentence);
    }
    // A hand was accepted: one sees oneself before anybody else does.
    const raised = before.you?.hand?.stage === 'raised';
    if (raised && after.you?.hand?.stage === 'accepted' && after.you.place !== 'audience') this.speaker.check();
  }

  #fly(reactions: readonly { reaction: Flying['reaction']; count: number }[]): void {
    const added = reactions.map((one) => ({ n: (this.#flown += 1), ...one }));
    this.flying = [...this.flying, ...added].slice(-FLYING_MAX);
    browserWorld.clock.after(FLY_MS, () => (this.flying = this.flying.filter((one) => !added.includes(one))));
  }

  #tilesChanged(): void {
    this.tiles = this.#down.slots.map(({ slot, takes, state, shows, codec, element }) => ({
      slot, takes, state, shows, codec, element,
    }));
  }
}
