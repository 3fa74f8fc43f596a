// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The publishing connection: one RTCPeerConnection with four transceivers (mic, camera, screen, screen sound), offered
// once; afterwards only `replaceTrack`. When the connection fails, a new one is offered with the same tracks.

import type { ServerMessage, SourceKind } from '../protocol';
import type { Send } from './down';
import { relays } from './relays';
import { SentLayers } from './sent-layers';

/** How the sending goes, for people. */
export type UpState = 'idle' | 'connecting' | 'connected' | 'troubled';

/** The server's word that publishing ended speaks of the connection before, when a new one was offered this recently. */
const REPLACED_MS = 3_000;
/** Worked until just now, as far as a goodbye by media and one by socket can be apart. */
const RECENT_MS = 2_000;
const HEAL_MS = 4_000;
const CONNECT_MS = 10_000;
const AGAIN_MIN_MS = 500;
const AGAIN_MAX_MS = 8_000;

/** What concerns the publishing connection. */
export type UpMessage = Extract<ServerMessage, { kind: 'publish_answer' | 'layers_wanted' | 'media_closed' }>;

/** The order of the m-lines: part of the contract with the server. */
const ORDER: readonly SourceKind[] = ['mic', 'camera', 'screen', 'screen_audio'];

const CAMERA_LAYERS: RTCRtpEncodingParameters[] = [
  { rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 150_000 },
  { rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 500_000 },
  { rid: 'f', scaleResolutionDownBy: 1, maxBitrate: 1_700_000 },
];
const SCREEN_BITRATE = 2_500_000;

export class Up {
  readonly #send: Send;
  readonly #changed: () => void;
  readonly #tracks = new Map<SourceKind, MediaStreamTrack>();
  #senders = new Map<SourceKind, RTCRtpSender>();
  /** Of the connection that was answered last; before an answer nobody speaks of layers. */
  #layers = new Map<SourceKind, SentLayers>();
  #pc: RTCPeerConnection | null = null;
  /** Whether this connection was ever connected; where none can be, the next one tries the relay. */
  #worked = false;
  #wanted = false;
  #offeredMs = 0;
  /** Number of the last offer: an answer to an earlier one is of no use. */
  #offer = 0;
  #lastWorkedMs = -Infinity;
  #again = AGAIN_MIN_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  state: UpState = 'idle';

  constructor(options: { send: Send; changed: () => void }) {
    this.#send = options.send;
    this.#changed = options.changed;
  }

  /** Sets or takes away the track of a source; it is sent as soon as there is a connection. */
  async setTrack(source: SourceKind, track: MediaStreamTrack | null): Promise<void> {
    if (track) this.#tracks.set(source, track);
    else this.#tracks.delete(source);
    await this.#senders.get(source)?.replaceTrack(track);
  }

  /** Offers the four sources. Call when the server says that one may publish (backstage). */
  async start(): Promise<void> {
    this.#wanted = true;
    this.#offeredMs = performance.now();
    const number = (this.#offer += 1);
    const before = this.#pc;
    const pc = new RTCPeerConnection(relays.configuration);
    this.#pc = pc;
    this.#worked = false;
    this.#set(this.state === 'troubled' ? 'troubled' : 'connecting');
    this.#later(CONNECT_MS);
    pc.onconnectionstatechange = () => this.#moved(pc);
    this.#senders = this.#transceivers(pc);
    this.#layers.clear();
    before?.close();
    try {
      for (const [source, sender] of this.#senders) await sender.replaceTrack(this.#tracks.get(source) ?? null);
      const offer = await pc.createOffer();
      await pc.setLocalDescription(offer);
      if (this.#pc !== pc) return;
      this.#send({ kind: 'publish_offer', offer: number, sdp: pc.localDescription?.sdp ?? offer.sdp ?? '' });
    } catch {
      if (this.#pc === pc) this.#retry();
    }
  }

  /** The socket is back: offer anew where the media did not survive, or the server forgot us. */
  revive(forgotten: boolean): void {
    if (!this.#wanted) return;
    if (forgotten || this.#pc?.connectionState !== 'connected') void this.start();
    // What was said of layers meanwhile is lost: rather too much than a picture that somebody misses.
    else for (const layers of this.#layers.values()) layers.want(null);
  }

  stop(): void {
    if (!this.#wanted) return;
    this.#wanted = false;
    clearTimeout(this.#timer);
    this.#send({ kind: 'stop_publishing' });
    this.#pc?.close();
    this.#pc = null;
    this.#senders.clear();
    this.#layers.clear();
    this.#set('idle');
  }

  handle(message: UpMessage): void {
    if (message.kind === 'media_closed') return this.#closed();
    if (message.kind === 'layers_wanted') return this.#layers.get(message.source)?.want(message.layers);
    if (message.offer !== undefined && message.offer !== this.#offer) return;
    const pc = this.#pc;
    if (!pc || pc.signalingState !== 'have-local-offer') return;
    for (const [source, sender] of this.#senders) this.#layers.set(source, new SentLayers(sender));
    pc.setRemoteDescription({ type: 'answer', sdp: message.sdp }).catch(() => {
      if (this.#pc === pc) this.#retry();
    });
  }

  /** Closed while it worked: somebody meant it (another tab publishes), and taking it back would go on for ever. */
  #closed(): void {
    const now = performance.now();
    if (!this.#wanted || now - this.#offeredMs < REPLACED_MS) return;
    if (now - this.#workedMs() > RECENT_MS) return this.#retry(true);
    this.stop();
  }

  #workedMs(): number {
    if (this.#pc?.connectionState === 'connected') this.#lastWorkedMs = performance.now();
    return this.#lastWorkedMs;
  }

  #transceivers(pc: RTCPeerConnection): Map<SourceKind, RTCRtpSender> {
    const together = new MediaStream();
    const screen = new MediaStream();
    const senders = new Map<SourceKind, RTCRtpSender>();
    for (const source of ORDER) {
      const init: RTCRtpTransceiverInit = {
        direction: 'sendonly',
        streams: [source === 'mic' || source === 'camera' ? together : screen],
      };
      if (source === 'camera') init.sendEncodings = CAMERA_LAYERS.map((layer) => ({ ...layer }));
      if (source === 'screen') init.sendEncodings = [{ maxBitrate: SCREEN_BITRATE }];
      const media = source === 'camera' || source === 'screen' ? 'video' : 'audio';
      senders.set(source, pc.addTransceiver(media, init).sender);
    }
    return senders;
  }

  #moved(pc: RTCPeerConnection): void {
    if (this.#pc !== pc || !this.#wanted) return;
    if (this.state === 'connected') this.#lastWorkedMs = performance.now();
    switch (pc.connectionState) {
      case 'connected':
        clearTimeout(this.#timer);
        this.#worked = true;
        this.#again = AGAIN_MIN_MS;
        return this.#set('connected');
      case 'disconnected':
        this.#set('troubled');
        return this.#later(HEAL_MS);
      case 'failed':
      case 'closed':
        return this.#retry();
    }
  }

  #retry(closed = false): void {
    this.#set('troubled');
    this.#later(this.#again, closed);
    this.#again = Math.min(this.#again * 2, AGAIN_MAX_MS);
  }

  #later(ms: number, closed = false): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (!this.#wanted || (!closed && this.#pc?.connectionState === 'connected')) return;
      if (!this.#worked) relays.need();
      void this.start();
    }, ms);
  }

  #set(state: UpState): void {
    if (state === this.state) return;
    this.state = state;
    this.#changed();
  }
}
