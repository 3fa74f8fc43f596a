// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// One person's connection to the hub, over as many sockets as it takes: hello, resume, retry, ping, commands,
// gap-free streams. Never touches the DOM; time, chance and sockets are handed in.
//
// Contract: `start()` once; every applicable message goes to `onMessage` in order, snapshots and updates only when
// they may be applied as they are; `onStatus` tells where the connection stands; `stop()` ends it for good.

import {
  PEER_DEAD_MS,
  PROTOCOL_VERSION,
  type ClientMessage,
  type Command,
  type CommandId,
  type DisplayName,
  type EventId,
  type RefusalCode,
  type ServerMessage,
  type StreamId,
} from '../protocol';
import { Backoff } from './backoff';
import { Outbox, type Outcome } from './outbox';
import { Streams } from './streams';
import type { Socket, Timer, World } from './world';

/** Where the connection stands. `closed` is final: the server refused, or we left. */
export type Status =
  | { at: 'connecting' }
  | { at: 'online'; resumed: boolean; first: boolean; serverUnixMs: number }
  | { at: 'reconnecting' }
  | { at: 'closed'; code: RefusalCode | null; sentence: string };

export interface SessionOptions {
  event: EventId;
  name?: DisplayName | undefined;
  /** Resume token of an earlier page, if there is one. */
  resume?: string | undefined;
  world: World;
  onMessage: (message: ServerMessage) => void;
  onStatus: (status: Status) => void;
  /** A resume token to keep for a reload of the page; null: forget it. */
  onResumeToken?: (token: string | null) => void;
}

/** Refusals of `hello` after which trying again is of no use. */
const FATAL: ReadonlySet<RefusalCode> = new Set([
  'version', 'token', 'expired', 'unknown_event', 'event_closed', 'name', 'too_many_connections', 'not_allowed', 'banned',
]);
/** Refusals without a command that end a session which stood: put out, or displaced by too many tabs. */
const ENDING: ReadonlySet<RefusalCode> = new Set(['banned', 'too_many_connections']);
/** Of those, what passes once one was inside: the server still counts the socket that was just lost. */
const PASSING: ReadonlySet<RefusalCode> = new Set(['too_many_connections']);
/** Refusals that a wrong or old resume token can cause. */
const OF_RESUME: ReadonlySet<RefusalCode> = new Set(['token', 'expired', 'malformed']);
/** Close code of an orderly end (RFC 6455, section 7.4.1): the server need not wait for one to come back. */
const GOODBYE = 1_000;
/** A command that came too fast is sent again under the same id after this long, and the longer the more often. */
const TOO_FAST_MS = 1_000;

export class Session {
  readonly #options: SessionOptions;
  readonly #backoff = new Backoff();
  readonly #streams = new Streams();
  readonly #outbox = new Outbox();
  #socket: Socket | null = null;
  #resume: string | undefined;
  #welcomed = false;
  #everWelcomed = false;
  #stopped = false;
  #heardMs = 0;
  /** Until when the server wants to be left alone. */
  #notBeforeMs = 0;
  #watchdog: Timer | null = null;
  #retry: Timer | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#resume = options.resume;
  }

  start(): void {
    this.#options.onStatus({ at: 'connecting' });
    this.#connect();
  }

  get online(): boolean {
    return this.#welcomed;
  }

  /** Carries out a command, now or after the reconnect. */
  command(command: Command): Promise<Outcome> {
    const { clock, chance } = this.#options.world;
    const { message, outcome } = this.#outbox.add(chance.uuid(), command, clock.now());
    if (this.#stopped) this.#outbox.clear();
    else if (this.#welcomed) this.#write(message);
    return outcome;
  }

  /** Sends what only makes sense now (media, roster); dropped while there is no connection. */
  tell(message: Exclude<ClientMessage, { kind: 'command' | 'hello' }>): boolean {
    if (!this.#welcomed) return false;
    this.#write(message);
    return true;
  }

  /** The network came back as far as the browser knows: do not sit out the pause. */
  nudge(): void {
    if (this.#retry === null || this.#options.world.clock.now() < this.#notBeforeMs) return;
    this.#options.world.clock.cancel(this.#retry);
    this.#connect();
  }

  /** Ends the session. Send a `leave` command before, where others should see it at once. */
  stop(code: RefusalCode | null = null, sentence = ''): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#drop(GOODBYE);
    if (this.#retry !== null) this.#options.world.clock.cancel(this.#retry);
    this.#outbox.clear();
    this.#options.onResumeToken?.(null);
    this.#options.onStatus({ at: 'closed', code, sentence });
  }

  #connect(): void {
    this.#retry = null;
    const { event, name, world } = this.#options;
    const socket = world.connect();
    this.#socket = socket;
    this.#heard();
    this.#watch();
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      this.#heard();
      const hello: ClientMessage = { kind: 'hello', version: PROTOCOL_VERSION, event };
      if (this.#resume !== undefined) hello.resume = this.#resume;
      if (name !== undefined) hello.name = name;
      this.#write(hello);
    };
    socket.onmessage = (text) => {
      if (this.#socket === socket) this.#frame(text);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #frame(text: string): void {
    this.#heard();
    const messages = parseFrame(text);
    for (const message of messages) {
      this.#handle(message);
      if (this.#socket === null) return;
    }
  }

  #handle(message: ServerMessage): void {
    switch (message.kind) {
      case 'welcome':
        return this.#welcome(message.resumed, message.server_unix_ms);
      case 'ping':
        return this.#write({ kind: 'pong', n: message.n });
      case 'resume':
        this.#resume = message.token;
        return this.#options.onResumeToken?.(message.token);
      case 'accepted':
        return this.#outbox.settle(message.id, { ok: true });
      case 'refused':
        return this.#refused(message);
      case 'drain':
        return this.#lost(message.reconnect_within_ms * this.#options.world.chance.random());
      case 'snapshot':
        this.#streams.snapshot(message.stream, message.epoch, message.n);
        return this.#options.onMessage(message);
      case 'update': {
        const verdict = this.#streams.update(message.stream, message.epoch, message.n, this.#options.world.clock.now());
        if (verdict === 'apply') this.#options.onMessage(message);
        if (verdict === 'gap') this.#resync(message.stream);
        return;
      }
      default:
        return this.#options.onMessage(message);
    }
  }

  #resync(stream: StreamId): void {
    const have = this.#streams.position(stream);
    this.#write(have ? { kind: 'resync', stream, have } : { kind: 'resync', stream });
  }

  #welcome(resumed: boolean, serverUnixMs: number): void {
    const first = !this.#everWelcomed;
    this.#welcomed = true;
    this.#everWelcomed = true;
    this.#backoff.reset();
    for (const message of this.#outbox.again(this.#options.world.clock.now())) this.#write(message);
    this.#options.onStatus({ at: 'online', resumed, first, serverUnixMs });
  }

  #refused(message: Extract<ServerMessage, { kind: 'refused' }>): void {
    if (message.id !== undefined) {
      if (message.code === 'too_fast' && this.#later(message.id, message.after_ms)) return;
      return this.#outbox.settle(message.id, { ok: false, code: message.code, sentence: message.sentence });
    }
    if (this.#welcomed && ENDING.has(message.code)) return this.stop(message.code, message.sentence);
    if (message.code === 'too_fast' && message.after_ms !== undefined) this.#notBeforeMs = this.#options.world.clock.now() + message.after_ms;
    if (this.#welcomed) return this.#options.onMessage(message);
    if (this.#resume !== undefined && OF_RESUME.has(message.code)) {
      this.#resume = undefined;
      this.#options.onResumeToken?.(null);
      return this.#lost(0);
    }
    const passing = this.#everWelcomed && PASSING.has(message.code);
    if (FATAL.has(message.code) && !passing) return this.stop(message.code, message.sentence);
    this.#lost();
  }

  /** Sends a command again that came too fast; false: it was tried often enough. */
  #later(id: CommandId, afterMs = 0): boolean {
    const tries = this.#outbox.tryAgain(id);
    if (tries === null) return false;
    const socket = this.#socket;
    this.#options.world.clock.after(Math.max(afterMs, TOO_FAST_MS * tries), () => {
      const message = this.#outbox.message(id);
      // On another connection it was sent already.
      if (message && this.#socket === socket) this.#write(message);
    });
    return true;
  }

  /** This socket is of no more use: come back after a pause. */
  #lost(pauseMs?: number): void {
    if (this.#stopped) return;
    const { clock, chance } = this.#options.world;
    this.#drop();
    this.#options.onStatus({ at: this.#everWelcomed ? 'reconnecting' : 'connecting' });
    const asked = this.#notBeforeMs - clock.now();
    const wait = Math.max(asked, pauseMs ?? this.#backoff.next(clock.now(), chance.random()));
    this.#retry = clock.after(wait, () => this.#connect());
  }

  #drop(code?: number): void {
    const socket = this.#socket;
    this.#socket = null;
    this.#welcomed = false;
    this.#streams.reset();
    if (this.#watchdog !== null) this.#options.world.clock.cancel(this.#watchdog);
    this.#watchdog = null;
    socket?.close(code);
  }

  #heard(): void {
    this.#heardMs = this.#options.world.clock.now();
  }

  #watch(): void {
    const { clock } = this.#options.world;
    const left = this.#heardMs + PEER_DEAD_MS - clock.now();
    if (left <= 0) return this.#lost();
    this.#watchdog = clock.after(left, () => this.#watch());
  }

  #write(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** A frame is a JSON array of messages; what is not is ignored, as kinds are that we do not know. */
function parseFrame(text: string): ServerMessage[] {
  try {
    const frame: unknown = JSON.parse(text);
    if (!Array.isArray(frame)) return [];
    return frame.filter((m): m is ServerMessage => typeof m === 'object' && m !== null && 'kind' in m);
  } catch {
    return [];
  }
}
