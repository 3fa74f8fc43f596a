// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The viewing connection: answers the server's rack offer, plugs tracks into slots by mid, follows `slot_changed`, asks
// for a new rack when the connection is lost. Every other part of the client sees slots, never an RTCPeerConnection.

import type { ClientMessage, ServerMessage, SlotInfo } from '../protocol';
import { AudioPool } from './audio-pool';
import { relays } from './relays';
import { VideoSlot } from './video-slot';
import { Wants } from './wants';

export type Send = (message: Exclude<ClientMessage, { kind: 'command' | 'hello' }>) => boolean;
type DownMessage = Extract<ServerMessage, { kind: 'rack_offer' | 'slot_changed' | 'slot_paused' | 'cannot_decode' | 'media_closed' }>;

/** The server's word that viewing ended speaks of the rack before, when a new one was asked for this recently. */
const REPLACED_MS = 3_000;
/** A disconnected connection may heal by itself for this long. */
const HEAL_MS = 4_000;
/** A rack that is not connected by then is asked for again. */
const CONNECT_MS = 10_000;
/** A connected rack has said by then what is in each slot. */
const TOLD_MS = 10_000;
const AGAIN_MIN_MS = 500;
const AGAIN_MAX_MS = 8_000;

export class Down {
  readonly #send: Send;
  readonly #changed: () => void;
  readonly #audio: AudioPool;
  readonly #wants: Wants;
  readonly #slots = new Map<number, VideoSlot>();
  readonly #videoSlots: number;
  #pc: RTCPeerConnection | null = null;
  /** Whether this connection was ever connected; where none can be, the next one tries the relay. */
  #worked = false;
  #rack = -1;
  #watching = false;
  /** A rack was asked for ahead of `watch`. */
  #prepared = false;
  /** Waits for `watch`, where the rack was asked for ahead. */
  #answer: Extract<ClientMessage, { kind: 'rack_answer' }> | null = null;
  #askedMs = 0;
  #again = AGAIN_MIN_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;

  constructor(options: { send: Send; changed: () => void; audio: AudioPool; videoSlots: number }) {
    this.#send = options.send;
    this.#changed = options.changed;
    this.#audio = options.audio;
    this.#videoSlots = options.videoSlots;
    this.#wants = new Wants((slot, height) => this.#send({ kind: 'want', slot, height }));
  }

  get slots(): VideoSlot[] {
    return [...this.#slots.values()];
  }

  get watching(): boolean {
    return this.#watching;
  }

  /** Whose pictures are not to be sent, as nobody sees them here: all, or those of people. */
  hide(what: 'all' | 'cameras' | 'none'): void {
    this.#wants.hide((slot) => what === 'all' || (what === 'cameras' && this.#slots.get(slot)?.takes === 'camera'));
  }

  /** Asks for the first rack while one is still entering; its answer goes out with `watch`. */
  prepare(): void {
    if (this.#watching) return;
    this.#prepared = this.#send({ kind: 'watch', video_slots: this.#videoSlots });
    this.#answer = null;
  }

  /** Asks for a rack; the one that is there plays on until the new one is offered. */
  watch(): void {
    this.#watching = true;
    this.#askedMs = performance.now();
    if (this.#prepared) {
      this.#prepared = false;
      this.#later(CONNECT_MS);
      return this.#reply();
    }
    this.#later(CONNECT_MS);
    this.#send({ kind: 'watch', video_slots: this.#videoSlots });
  }

  stop(): void {
    this.#watching = false;
    this.#prepared = false;
    this.#answer = null;
    clearTimeout(this.#timer);
    clearTimeout(this.#telling);
    this.#send({ kind: 'stop_watching' });
    this.#pc?.close();
    this.#pc = null;
    this.#rack = -1;
    for (const slot of this.#slots.values()) slot.clear();
  }

  dispose(): void {
    this.stop();
    this.#wants.dispose();
    for (const slot of this.#slots.values()) slot.dispose();
    this.#slots.clear();
  }

  handle(message: DownMessage): void {
    switch (message.kind) {
      case 'rack_offer':
        if (this.#watching || this.#prepared) void this.#take(message);
        return;
      case 'slot_changed':
        if (message.rack === this.#rack) this.#slots.get(message.slot)?.show(message.shows, message.rtp_time);
        return;
      case 'slot_paused':
        if (message.rack === this.#rack) this.#slots.get(message.slot)?.pause(message.shows);
        return;
      case 'cannot_decode':
        if (message.rack === this.#rack) this.#slots.get(message.slot)?.cannotDecode(message.codec);
        return;
      case 'media_closed':
        if (this.#watching && performance.now() - this.#askedMs > REPLACED_MS) this.#retry(true);
        return;
    }
  }

  async #take(offer: Extract<DownMessage, { kind: 'rack_offer' }>): Promise<void> {
    const before = this.#pc;
    relays.offered(offer.ice_servers);
    const pc = new RTCPeerConnection(relays.configuration);
    this.#pc = pc;
    this.#worked = false;
    this.#rack = offer.rack;
    clearTimeout(this.#telling);
    this.#telling = undefined;
    pc.onconnectionstatechange = () => this.#moved(pc);
    for (const info of offer.slots) this.#prepare(info);
    for (const slot of this.#slots.values()) {
      if (!offer.slots.some((info) => info.slot === slot.slot)) slot.clear();
    }
    try {
      await pc.setRemoteDescription({ type: 'offer', sdp: offer.sdp });
      const answer = await pc.createAnswer();
      await pc.setLocalDescription(answer);
      if (this.#pc !== pc) return pc.close();
      this.#plug(pc, offer.slots);
      this.#answer = { kind: 'rack_answer', rack: offer.rack, sdp: pc.localDescription?.sdp ?? answer.sdp ?? '' };
      this.#reply();
    } catch {
      this.#prepared = false;
      if (this.#pc === pc) this.#retry();
    } finally {
      before?.close();
    }
    this.#changed();
  }

  #reply(): void {
    if (!this.#watching || this.#answer === null) return;
    this.#send(this.#answer);
    this.#answer = null;
    this.#wants.fresh();
  }

  #prepare(info: SlotInfo): void {
    if (info.takes !== 'camera' && info.takes !== 'screen') return;
    if (this.#slots.get(info.slot)?.takes === info.takes) return;
    this.#slots.get(info.slot)?.dispose();
    const slot = new VideoSlot(info.slot, info.takes, this.#changed);
    this.#slots.set(info.slot, slot);
    this.#wants.watch(info.slot, slot.element, () => slot.aspect);
  }

  #plug(pc: RTCPeerConnection, slots: SlotInfo[]): void {
    for (const info of slots) {
      const receiver = pc.getTransceivers().find((t) => t.mid === info.mid)?.receiver;
      if (!receiver) continue;
      if (info.takes === 'camera' || info.takes === 'screen') this.#slots.get(info.slot)?.attach(receiver);
      else this.#audio.assign(info.slot, receiver.track);
    }
  }

  #moved(pc: RTCPeerConnection): void {
    if (this.#pc !== pc || !this.#watching) return;
    switch (pc.connectionState) {
      case 'connected':
        this.#worked = true;
        this.#again = AGAIN_MIN_MS;
        clearTimeout(this.#timer);
        return this.#awaitWord();
      case 'disconnected':
        return this.#later(HEAL_MS);
      case 'failed':
      case 'closed':
        return this.#retry();
    }
  }

  /** Pictures of the rack before that this one does not speak of are let go. */
  #awaitWord(): void {
    this.#telling ??= setTimeout(() => {
      for (const slot of this.#slots.values()) slot.expire();
    }, TOLD_MS);
  }

  /** Asks again after a pause that grows while it does not help. */
  #retry(closed = false): void {
    this.#later(this.#again, closed);
    this.#again = Math.min(this.#again * 2, AGAIN_MAX_MS);
  }

  #later(ms: number, closed = false): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#watching || (!closed && this.#pc?.connectionState === 'connected')) return;
      if (this.#pc && !this.#worked) relays.need();
      this.watch();
    }, ms);
  }
}
