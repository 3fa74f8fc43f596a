// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The live model of a speaker: devices, what is switched on, backstage and air. The server has the last word on what
// is on: a source that it lists no more is switched off here too.

import {
  listDevices, openBoth, openCamera, openMicrophone, openScreen, troubleOf, type DeviceChoice,
} from '../../media/devices';
import type { Send } from '../../media/down';
import { LevelMeter } from '../../media/level';
import { Up, type UpMessage, type UpState } from '../../media/up';
import type { Command, Place, SourceKind, YouView } from '../../protocol';
import type { Outcome } from '../../session/outbox';
import { language } from '../../text/language.svelte';
import { recall, remember } from '../memory';
import { voice } from '../parts/voice.svelte';
import type { SpeakerModel, SpeakerTrouble } from './shape';

const COUNTDOWN_S = 10;
const TICK_MS = 200;
/** Updates that were on their way when a command was answered are in by then. */
const SETTLE_MS = 500;

export class Speaker implements SpeakerModel {
  devices = $state<'closed' | 'opening' | 'open'>('closed');
  trouble = $state<SpeakerTrouble | null>(null);
  entering = $state(false);
  micOn = $state(true);
  cameraOn = $state(true);
  screenOn = $state(false);
  screenPreview = $state.raw<MediaStreamTrack | null>(null);
  preview = $state.raw<MediaStreamTrack | null>(null);
  level = $state(0);
  up = $state<UpState>('idle');
  countdown = $state<number | null>(null);
  choice = $state.raw<DeviceChoice>({ microphone: recall('microphone'), camera: recall('camera') });
  microphones = $state.raw<{ id: string; label: string }[]>([]);
  cameras = $state.raw<{ id: string; label: string }[]>([]);

  readonly #up: Up;
  readonly #command: (command: Command) => Promise<Outcome>;
  #mic: MediaStreamTrack | null = null;
  #screen: { screen: MediaStreamTrack; sound: MediaStreamTrack | null } | null = null;
  #meter: LevelMeter | null = null;
  #place: Place = 'audience';
  /** Whether the server has said where one stands since the page was loaded. */
  #followed = false;
  #sources: readonly SourceKind[] = [];
  #ticking: ReturnType<typeof setInterval> | undefined;
  /** When one goes on air, by the server's clock. */
  #onAirAtMs: number | null = null;
  readonly #secondsUntil: (unixMs: number) => number;
  /** Raised when all devices are closed: what was asked for before comes too late then. */
  #life = 0;
  /** Raised when a device is asked for anew or switched off: only the last word on it counts. */
  readonly #turns = { mic: 0, camera: 0, screen: 0 };
  /** set_source commands under way per source: the server's list is no news until they are answered. */
  readonly #asking = new Map<SourceKind, number>();
  #room: string | null = null;
  /** In a breakout room everybody may speak: one is there with everything off, and nothing was asked for yet. */
  #breakout = false;
  /** What was chosen before a breakout room, for the way back to a stage. */
  #chosen: { mic: boolean; camera: boolean } | null = null;

  constructor(options: {
    send: Send;
    command: (command: Command) => Promise<Outcome>;
    secondsUntil: (unixMs: number) => number;
  }) {
    this.#command = options.command;
    this.#secondsUntil = options.secondsUntil;
    this.#up = new Up({ send: options.send, changed: () => (this.up = this.#up.state) });
  }

  check(): void {
    void this.#openDevices();
  }

  enterBackstage(): void {
    void this.#enter();
  }

  leaveBackstage(): void {
    void this.#command({ kind: 'leave_backstage' });
  }

  toggleMic(): void {
    if (this.trouble === 'mutedByOthers') this.trouble = null;
    if (this.#breakout && this.devices !== 'open') return void this.#speakUp({ mic: true, camera: false });
    this.micOn = !this.micOn;
    if (this.#mic) this.#mic.enabled = this.micOn;
    void this.#setSource('mic', this.micOn);
  }

  toggleCamera(): void {
    if (this.trouble === 'camOffByOthers') this.trouble = null;
    if (this.#breakout && this.devices !== 'open') return void this.#speakUp({ mic: false, camera: true });
    this.cameraOn = !this.cameraOn;
    if (this.devices !== 'open') return;
    if (this.cameraOn) void this.#turnCameraOn();
    else this.#turnCameraOff();
  }

  share(sound: boolean): void {
    void this.#share(sound);
  }

  stopShare(): void {
    this.#turns.screen += 1;
    this.#screen?.screen.stop();
    this.#screen?.sound?.stop();
    this.#screen = null;
    this.screenPreview = null;
    this.screenOn = false;
    void this.#up.setTrack('screen', null);
    void this.#up.setTrack('screen_audio', null);
    void this.#setSource('screen', false);
    void this.#setSource('screen_audio', false);
  }

  goOnAir(): void {
    if (this.countdown !== null) return;
    void this.#command({ kind: 'put_on_air', countdown_s: COUNTDOWN_S });
  }

  cancelCountdown(): void {
    if (this.countdown !== null) void this.#command({ kind: 'take_off_air' });
  }

  goNow(): void {
    void this.#command({ kind: 'put_on_air' });
  }

  leaveAir(): void {
    void this.#command({ kind: 'take_off_air' });
  }

  choose(choice: DeviceChoice): void {
    const before = this.choice;
    this.choice = choice;
    remember('microphone', choice.microphone ?? '');
    remember('camera', choice.camera ?? '');
    if (this.devices !== 'open') return;
    if (choice.microphone !== before.microphone) void this.#changeMic();
    if (choice.camera !== before.camera) {
      this.cameraOn = choice.camera !== 'none';
      if (this.cameraOn) void this.#turnCameraOn();
      else this.#turnCameraOff();
    }
  }

  handle(message: UpMessage): void {
    this.#up.handle(message);
  }

  /** The server said where one stands. `returned`: on a new connection; `forgotten`: by a server that was restarted. */
  follow(you: YouView, returned: boolean, forgotten: boolean, breakout = false): void {
    const before = this.#place;
    const wasBreakout = this.#breakout;
    const moved = this.#room !== you.room;
    [this.#place, this.#room, this.#breakout] = [you.place, you.room, breakout];
    if (breakout !== wasBreakout) this.#adapt(breakout);
    if (!this.#followed && you.place !== 'audience' && this.devices === 'closed') {
      // A page that was loaded anew: what was off stays off when the devices are opened again.
      this.micOn = you.sources.includes('mic');
      this.cameraOn = you.sources.includes('camera');
    }
    this.#followed = true;
    this.#count(you.place === 'backstage' ? you.on_air_at_unix_ms : null);
    const spoken = !breakout && !wasBreakout;
    if (spoken && before !== 'on_air' && you.place === 'on_air') {
      voice.assertive(language.texts.speaker.onAirSpoken);
    }
    if (spoken && before === 'on_air' && you.place !== 'on_air') voice.assertive(language.texts.speaker.offAirSpoken);
    if (you.place === 'audience' && before !== 'audience') {
      // Away for too long: back to where nobody is surprised by it. On air is the speaker's own step.
      if (returned && this.devices === 'open' && !wasBreakout) return this.enterBackstage();
      this.#closeDevices();
    }
    if (returned && you.place !== 'audience' && this.devices === 'open') {
      this.#up.revive(forgotten);
      if (forgotten) {
        this.#sources = you.sources;
        return void this.#tellSources();
      }
    }
    if (moved && before !== 'audience' && you.place !== 'audience' && this.devices === 'open') {
      // From room to room devices and connection stay; the server begins with everything off. Who was heard goes on to
      // be; what only those behind the stage knew of, and a screen, is switched on again by oneself alone.
      this.#sources = you.sources;
      if (this.#screen) this.stopShare();
      if (before !== 'on_air' || returned) this.#hush();
      return void this.#publish();
    }
    this.#obey(you.sources);
  }

  /** Into a breakout room without devices: nothing is on. Out of it: as it was chosen before. */
  #adapt(breakout: boolean): void {
    if (breakout && this.devices === 'closed') {
      this.#chosen = { mic: this.micOn, camera: this.cameraOn };
      this.micOn = this.cameraOn = false;
    } else if (!breakout && this.#chosen) {
      [this.micOn, this.cameraOn] = [this.#chosen.mic, this.#chosen.camera];
      this.#chosen = null;
    }
  }

  /** Nobody is heard or seen who does not know where. */
  #hush(): void {
    this.micOn = this.cameraOn = false;
    if (this.#mic) this.#mic.enabled = false;
    this.#turns.camera += 1;
    void this.#useCamera(null);
  }

  /** Over the connection that is there, or over a new one. */
  async #publish(): Promise<void> {
    if (this.up === 'idle') await this.#up.start();
    await this.#tellSources();
  }

  /** The first word in a breakout room: now the browser is asked for devices, and the server for a connection. */
  async #speakUp(wanted: { mic: boolean; camera: boolean }): Promise<void> {
    if (this.devices === 'opening') return;
    const life = this.#life;
    [this.micOn, this.cameraOn] = [wanted.mic, wanted.camera];
    if (await this.#openDevices()) return this.#publish();
    // Where the devices were refused `trouble` says why; where one moved on meanwhile this is of the past.
    if (this.devices === 'closed' && this.#breakout && life !== this.#life) this.micOn = this.cameraOn = false;
  }

  dispose(): void {
    this.#count(null);
    this.#closeDevices();
  }

  /** Shows the seconds that are left, by the server's clock; null: no countdown runs. */
  #count(atUnixMs: number | null): void {
    if (atUnixMs === this.#onAirAtMs) return;
    clearInterval(this.#ticking);
    const ran = this.#onAirAtMs !== null;
    this.#onAirAtMs = atUnixMs;
    this.countdown = atUnixMs === null ? null : this.#secondsUntil(atUnixMs);
    if (atUnixMs === null) {
      if (ran && this.#place === 'backstage') voice.assertive(language.texts.backstage.cancelledSpoken);
      return;
    }
    voice.assertive(language.texts.speaker.goingIn(this.countdown ?? 0));
    this.#ticking = setInterval(() => (this.countdown = this.#secondsUntil(atUnixMs)), TICK_MS);
  }

  async #enter(): Promise<void> {
    if (this.entering) return;
    this.entering = true;
    const life = this.#life;
    try {
      if (!(await this.#openDevices())) return;
      if (this.#place === 'audience') {
        const outcome = await this.#command({ kind: 'enter_backstage' });
        if (!outcome.ok || life !== this.#life) return;
      }
      await this.#up.start();
      await this.#tellSources();
    } finally {
      if (life === this.#life) this.entering = false;
    }
  }

  /** For after an await: whether nobody asked for the device anew, switched it off or left meanwhile. */
  #asks(device: 'mic' | 'camera' | 'screen'): () => boolean {
    const life = this.#life;
    const turn = (this.#turns[device] += 1);
    return () => life === this.#life && turn === this.#turns[device];
  }

  /** What is on here, to a server that does not know. */
  async #tellSources(): Promise<void> {
    const life = this.#life;
    await this.#setSource('mic', this.micOn);
    if (life !== this.#life) return;
    await this.#setSource('camera', this.preview !== null);
    if (!this.#screen) return;
    await this.#setSource('screen', true);
    if (this.#screen) await this.#setSource('screen_audio', this.#screen.sound !== null);
  }

  async #openDevices(): Promise<boolean> {
    if (this.devices === 'open') return true;
    if (this.devices === 'opening') return false;
    this.devices = 'opening';
    this.trouble = null;
    const life = this.#life;
    const asked = this.cameraOn;
    try {
      const opened = await openBoth({ ...this.choice, camera: asked ? this.choice.camera : 'none' });
      if (life !== this.#life || !this.cameraOn) opened.camera?.stop();
      if (life !== this.#life) {
        opened.mic.stop();
        return false;
      }
      // The camera's button may have been pressed while the browser asked.
      const late = !asked && this.cameraOn;
      const camera = this.cameraOn ? opened.camera : null;
      this.cameraOn = late || camera !== null;
      this.devices = 'open';
      await Promise.all([this.#useMic(opened.mic), this.#useCamera(camera)]);
      if (life !== this.#life) return false;
      if (late && this.cameraOn) await this.#takeCamera();
      await this.#list();
      return life === this.#life;
    } catch (error) {
      if (life !== this.#life) return false;
      this.#closeDevices();
      this.trouble = troubleOf(error);
      return false;
    }
  }

  async #list(): Promise<void> {
    const plain = (all: MediaDeviceInfo[]): { id: string; label: string }[] =>
      all.map((one) => ({ id: one.deviceId, label: one.label }));
    this.choice = {
      microphone: this.#mic?.getSettings().deviceId ?? this.choice.microphone,
      camera: this.preview ? (this.preview.getSettings().deviceId ?? this.choice.camera) : 'none',
    };
    this.microphones = plain(await listDevices('audioinput'));
    this.cameras = plain(await listDevices('videoinput'));
  }

  #closeDevices(): void {
    this.#life += 1;
    this.entering = false;
    this.#up.stop();
    this.#screen?.screen.stop();
    this.#screen?.sound?.stop();
    this.#screen = null;
    this.screenPreview = null;
    this.screenOn = false;
    this.#mic?.stop();
    this.#mic = null;
    this.preview?.stop();
    this.preview = null;
    this.#meter?.dispose();
    this.#meter = null;
    this.level = 0;
    this.devices = 'closed';
  }

  async #useMic(track: MediaStreamTrack): Promise<void> {
    this.#mic?.stop();
    this.#mic = track;
    track.enabled = this.micOn;
    this.#meter ??= new LevelMeter((level) => (this.level = level));
    this.#meter.listen(track);
    await this.#up.setTrack('mic', track);
  }

  async #useCamera(track: MediaStreamTrack | null): Promise<void> {
    this.preview?.stop();
    this.preview = track;
    await this.#up.setTrack('camera', track);
  }

  async #changeMic(): Promise<void> {
    const current = this.#asks('mic');
    try {
      const track = await openMicrophone(this.choice.microphone);
      if (!current()) return track.stop();
      await this.#useMic(track);
    } catch (error) {
      if (current()) this.trouble = troubleOf(error);
    }
  }

  async #turnCameraOn(): Promise<void> {
    if (await this.#takeCamera()) await this.#setSource('camera', true);
  }

  /** Whether the camera is on now, and still meant to be. */
  async #takeCamera(): Promise<boolean> {
    this.trouble = null;
    const current = this.#asks('camera');
    try {
      const track = await openCamera(this.choice.camera === 'none' ? null : this.choice.camera);
      if (!current()) {
        track.stop();
        return false;
      }
      await this.#useCamera(track);
      return current();
    } catch (error) {
      if (!current()) return false;
      this.cameraOn = false;
      this.trouble = troubleOf(error);
      // Another camera was to follow one that is still on.
      if (this.preview) this.#turnCameraOff();
      return false;
    }
  }

  #turnCameraOff(): void {
    this.#turns.camera += 1;
    void this.#useCamera(null);
    void this.#setSource('camera', false);
  }

  async #share(sound: boolean): Promise<void> {
    this.trouble = null;
    let current = this.#asks('screen');
    try {
      const opened = await openScreen(sound);
      if (!current()) {
        opened.screen.stop();
        opened.sound?.stop();
        return;
      }
      if (this.#screen) this.stopShare();
      current = this.#asks('screen');
      this.#screen = opened;
      this.screenPreview = opened.screen;
      this.screenOn = true;
      // The browser's own "stop sharing" button.
      opened.screen.addEventListener('ended', () => this.#screen === opened && this.stopShare());
      await Promise.all([this.#up.setTrack('screen', opened.screen), this.#up.setTrack('screen_audio', opened.sound)]);
      if (this.#breakout && this.up === 'idle') await this.#up.start();
      if (!current()) return;
      await this.#setSource('screen', true);
      if (opened.sound && current()) await this.#setSource('screen_audio', true);
    } catch (error) {
      if (!current()) return;
      // Closing the browser's picker is a choice, not a fault.
      if (!(error instanceof DOMException && error.name === 'NotAllowedError')) this.trouble = 'shareFailed';
    }
  }

  async #setSource(source: SourceKind, live: boolean): Promise<void> {
    if (this.#place === 'audience' && !this.entering) return;
    this.#asking.set(source, (this.#asking.get(source) ?? 0) + 1);
    await this.#command({ kind: 'set_source', source, live });
    setTimeout(() => this.#asking.set(source, (this.#asking.get(source) ?? 1) - 1), SETTLE_MS);
  }

  /** Sources that somebody else switched off are off. */
  #obey(sources: readonly SourceKind[]): void {
    const before = this.#sources;
    this.#sources = sources;
    const taken = (source: SourceKind): boolean =>
      before.includes(source) && !sources.includes(source) && !this.#asking.get(source);
    if (this.entering || this.devices !== 'open') return;
    if (this.micOn && taken('mic')) {
      this.micOn = false;
      if (this.#mic) this.#mic.enabled = false;
      this.trouble = 'mutedByOthers';
      voice.assertive(language.texts.speaker.mutedByOthers);
    }
    if (this.preview && taken('camera')) {
      this.cameraOn = false;
      this.#turns.camera += 1;
      void this.#useCamera(null);
      this.trouble = 'camOffByOthers';
      voice.assertive(language.texts.speaker.camOffByOthers);
    }
    if (this.screenOn && taken('screen')) this.stopShare();
  }
}
