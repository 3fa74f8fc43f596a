// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Command, YouView } from '../../protocol';
import { Speaker } from './speaker.svelte';

/** A question to the browser that the test answers when it likes. */
interface Prompt {
  what: 'both' | 'mic' | 'camera' | 'screen';
  answer: (value: unknown) => void;
  deny: () => void;
}

const { prompts, sent, starts } = vi.hoisted(() => ({
  prompts: [] as Prompt[], sent: new Map<string, unknown>(), starts: [] as unknown[],
}));

vi.mock('../../media/devices', () => {
  const ask = (what: Prompt['what']) => () =>
    new Promise((answer, reject) => prompts.push({ what, answer, deny: () => reject(new Error('denied')) }));
  return {
    openBoth: ask('both'), openCamera: ask('camera'), openMicrophone: ask('mic'), openScreen: ask('screen'),
    listDevices: () => Promise.resolve([]),
    troubleOf: () => 'denied',
  };
});
vi.mock('../../media/level', () => ({ LevelMeter: class { listen(): void {} dispose(): void {} } }));
vi.mock('../../media/up', () => ({
  Up: class {
    state = 'idle';
    readonly #changed: () => void;
    constructor(options: { changed: () => void }) {
      this.#changed = options.changed;
    }
    async setTrack(source: string, track: unknown): Promise<void> {
      sent.set(source, track);
    }
    async start(): Promise<void> {
      starts.push(this);
      this.state = 'connecting';
      this.#changed();
    }
    revive(): void {}
    stop(): void {
      this.state = 'idle';
      this.#changed();
    }
  },
}));
vi.mock('../parts/voice.svelte', () => ({ voice: { polite: () => undefined, assertive: () => undefined } }));
vi.mock('../../text/language.svelte', () => ({ language: { texts: { speaker: { goingIn: String }, backstage: {} } } }));

class Track {
  enabled = true;
  live = true;
  stop(): void {
    this.live = false;
  }
  getSettings(): object {
    return {};
  }
  addEventListener(): void {}
}

const you = (over: Partial<YouView> = {}): YouView => ({
  participant: 'p', name: 'Ada', role: 'speaker', room: 'stage', place: 'audience', sources: [],
  hand: null, upvoted: [], vote: null, answer: null, player: null, silenced: false, on_air_at_unix_ms: null, directions: [], breakout: null, card_votes: [], keeps: [], reuses: [],
  idea_votes: [], thanks: [], ...over,
});
const rest = async (): Promise<void> => {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
};

function setup() {
  const said: Command[] = [];
  const speaker = new Speaker({
    secondsUntil: (unixMs) => Math.max(0, Math.ceil((unixMs - Date.now()) / 1_000)),
    send: () => true,
    command: async (command) => {
      said.push(command);
      return { ok: true };
    },
  });
  /** The last word on a source that the server heard. */
  const live = (source: string): boolean | undefined =>
    said.flatMap((one) => (one.kind === 'set_source' && one.source === source ? [one.live] : [])).at(-1);
  return { speaker, said, live };
}

async function backstage() {
  const mic = new Track();
  const camera = new Track();
  const all = setup();
  all.speaker.enterBackstage();
  prompts.shift()!.answer({ mic, camera });
  await rest();
  all.speaker.follow(you({ place: 'backstage', sources: ['mic', 'camera'] }), false, false);
  expect(all.live('camera')).toBe(true);
  return { ...all, mic, camera };
}

beforeEach(() => {
  vi.useFakeTimers();
  prompts.length = 0;
  sent.clear();
  starts.length = 0;
});
afterEach(() => vi.useRealTimers());

describe('the camera is on only while its button says so', () => {
  it('on, then off, before the browser gave it', async () => {
    const { speaker, live } = await backstage();
    speaker.toggleCamera();
    speaker.toggleCamera();
    speaker.toggleCamera();
    const late = new Track();
    prompts.shift()!.answer(late);
    await rest();
    expect(speaker.cameraOn).toBe(false);
    expect(late.live).toBe(false);
    expect(speaker.preview).toBeNull();
    expect(sent.get('camera')).toBeNull();
    expect(live('camera')).toBe(false);
  });

  it('on, off and on again: the last answer counts', async () => {
    const { speaker, live } = await backstage();
    for (let i = 0; i < 4; i += 1) speaker.toggleCamera();
    const [first, second] = [new Track(), new Track()];
    prompts[1]!.answer(second);
    await rest();
    prompts[0]!.answer(first);
    await rest();
    expect(first.live).toBe(false);
    expect(speaker.preview).toBe(second);
    expect(second.live).toBe(true);
    expect(live('camera')).toBe(true);
  });

  it('switched off while the first question is open', async () => {
    const { speaker, live } = setup();
    speaker.enterBackstage();
    speaker.toggleCamera();
    const [mic, camera] = [new Track(), new Track()];
    prompts.shift()!.answer({ mic, camera });
    await rest();
    expect(camera.live).toBe(false);
    expect(mic.live).toBe(true);
    expect(speaker.cameraOn).toBe(false);
    expect(live('camera')).toBe(false);
  });

  it('switched off by a moderator while another one is opened', async () => {
    const { speaker, camera } = await backstage();
    await vi.advanceTimersByTimeAsync(1_000);
    speaker.choose({ ...speaker.choice, camera: 'other' });
    speaker.follow(you({ place: 'backstage', sources: ['mic'] }), false, false);
    const late = new Track();
    prompts.shift()!.answer(late);
    await rest();
    expect(speaker.cameraOn).toBe(false);
    expect([camera.live, late.live]).toEqual([false, false]);
  });

  it('another one that cannot be had leaves none on', async () => {
    const { speaker, camera, live } = await backstage();
    speaker.choose({ ...speaker.choice, camera: 'other' });
    prompts.shift()!.deny();
    await rest();
    expect(speaker.cameraOn).toBe(false);
    expect(camera.live).toBe(false);
    expect(live('camera')).toBe(false);
    expect(speaker.trouble).toBe('denied');
  });
});

describe('nothing stays on after leaving', () => {
  it('while the first question is open', async () => {
    const { speaker, said } = setup();
    speaker.enterBackstage();
    speaker.dispose();
    const [mic, camera] = [new Track(), new Track()];
    prompts.shift()!.answer({ mic, camera });
    await rest();
    expect([mic.live, camera.live]).toEqual([false, false]);
    expect(speaker.devices).toBe('closed');
    expect(speaker.up).toBe('idle');
    expect(speaker.entering).toBe(false);
    expect(said).toEqual([]);
  });

  it('while a camera, a microphone and a screen are asked for', async () => {
    const { speaker, mic, camera } = await backstage();
    speaker.choose({ microphone: 'm2', camera: 'c2' });
    speaker.share(true);
    speaker.follow(you(), false, false);
    const tracks = [new Track(), new Track(), new Track(), new Track()];
    for (const prompt of prompts.splice(0)) {
      if (prompt.what === 'screen') prompt.answer({ screen: tracks[0], sound: tracks[1] });
      else prompt.answer(tracks[prompt.what === 'mic' ? 2 : 3]);
    }
    await rest();
    expect([mic, camera, ...tracks].filter((track) => track.live)).toEqual([]);
    expect(speaker.screenOn).toBe(false);
    expect(speaker.preview).toBeNull();
  });

  it('and one may come back before the old question is answered', async () => {
    const { speaker } = setup();
    speaker.check();
    speaker.dispose();
    speaker.enterBackstage();
    const [first, second] = prompts.splice(0);
    const [mic, camera] = [new Track(), new Track()];
    second!.answer({ mic, camera });
    await rest();
    const old = { mic: new Track(), camera: new Track() };
    first!.answer(old);
    await rest();
    expect(speaker.devices).toBe('open');
    expect(speaker.preview).toBe(camera);
    expect([mic.live, camera.live, old.mic.live, old.camera.live]).toEqual([true, true, false, false]);
  });
});

describe('a page that was loaded anew', () => {
  it('opens the devices as they were: what was off stays off', async () => {
    const { speaker, live } = setup();
    speaker.follow(you({ place: 'on_air', sources: ['mic'] }), false, false);
    expect([speaker.micOn, speaker.cameraOn]).toEqual([true, false]);

    const muted = setup();
    muted.speaker.follow(you({ place: 'on_air', sources: [] }), false, false);
    muted.speaker.enterBackstage();
    const mic = new Track();
    prompts.shift()!.answer({ mic, camera: null });
    await rest();
    expect(mic.enabled).toBe(false);
    expect(muted.live('mic')).toBe(false);
    expect(live('mic')).toBeUndefined();
  });
});

describe('the countdown', () => {
  it('is the server\'s: asked for, shown by its clock, called off by it', async () => {
    const { speaker, said } = await backstage();
    speaker.goOnAir();
    expect(said.at(-1)).toEqual({ kind: 'put_on_air', countdown_s: 10 });
    expect(speaker.countdown).toBeNull();
    speaker.follow(you({ place: 'backstage', sources: ['mic'], on_air_at_unix_ms: Date.now() + 10_000 }), false, false);
    expect(speaker.countdown).toBe(10);
    await vi.advanceTimersByTimeAsync(3_500);
    expect(speaker.countdown).toBe(7);
    speaker.cancelCountdown();
    expect(said.at(-1)).toEqual({ kind: 'take_off_air' });
    speaker.follow(you({ place: 'backstage', sources: ['mic'] }), false, false);
    expect(speaker.countdown).toBeNull();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(said.at(-1)).toEqual({ kind: 'take_off_air' });
  });
});

describe('in a breakout room', () => {
  const inside = (room: string, sources: YouView['sources'] = []): YouView =>
    you({ role: 'attendee', room, place: 'on_air', sources });

  it('asks for no device until the first word, and then for the camera only if it was meant', async () => {
    const { speaker, live } = setup();
    speaker.follow(you({ role: 'attendee' }), false, false);
    speaker.follow(inside('breakout-1-1'), false, false, true);
    expect([speaker.micOn, speaker.cameraOn, prompts.length]).toEqual([false, false, 0]);
    speaker.toggleMic();
    const mic = new Track();
    prompts.shift()!.answer({ mic, camera: null });
    await rest();
    expect([live('mic'), live('camera'), mic.enabled]).toEqual([true, false, true]);
  });

  it('says so where the browser refuses, with everything off', async () => {
    const { speaker, live } = setup();
    speaker.follow(inside('breakout-1-1'), false, false, true);
    speaker.toggleMic();
    prompts.shift()!.deny();
    await rest();
    expect([speaker.trouble, speaker.micOn, live('mic')]).toEqual(['denied', false, undefined]);
  });

  it('keeps devices and connection as they are from room to room, and closes them on the way back to the audience', async () => {
    const { speaker, live } = setup();
    speaker.follow(inside('breakout-1-1'), false, false, true);
    speaker.toggleMic();
    const mic = new Track();
    prompts.shift()!.answer({ mic, camera: null });
    await rest();
    vi.advanceTimersByTime(1_000);
    speaker.follow(inside('breakout-1-1', ['mic']), false, false, true);
    // The server begins anew in each room, with everything off.
    speaker.follow(inside('breakout-1-2'), false, false, true);
    await rest();
    expect([speaker.trouble, speaker.micOn, live('mic'), mic.live, prompts.length]).toEqual([null, true, true, true, 0]);
    expect(starts.length, 'offers').toBe(1);
    speaker.follow(you({ role: 'attendee' }), false, false, false);
    expect([mic.live, speaker.devices]).toEqual([false, 'closed']);
  });

  const switchedOn = (said: Command[]) => said.filter((one) => one.kind === 'set_source' && one.live).length;

  it('takes who is on air along with what is on', async () => {
    const { speaker, said, mic } = await backstage();
    vi.advanceTimersByTime(1_000);
    speaker.follow(you({ place: 'on_air', sources: ['mic', 'camera'] }), false, false);
    said.length = 0;
    speaker.follow(inside('breakout-1-1'), false, false, true);
    await rest();
    expect([switchedOn(said), mic.live, speaker.trouble, starts.length]).toEqual([2, true, null, 1]);
  });

  it('takes who waited behind the stage along with everything off, as nobody there was heard', async () => {
    const { speaker, said, mic, camera } = await backstage();
    vi.advanceTimersByTime(1_000);
    said.length = 0;
    speaker.follow(inside('breakout-1-1'), false, false, true);
    await rest();
    expect([switchedOn(said), mic.enabled, camera.live, speaker.micOn, speaker.cameraOn]).toEqual([0, false, false, false, false]);
    expect([speaker.trouble, starts.length]).toEqual([null, 1]);
  });

  it('is silent where it was moved while the network was away', async () => {
    const { speaker, said, mic } = await backstage();
    vi.advanceTimersByTime(1_000);
    speaker.follow(you({ place: 'on_air', sources: ['mic', 'camera'] }), false, false);
    said.length = 0;
    speaker.follow(inside('breakout-1-1'), true, false, true);
    await rest();
    expect([switchedOn(said), mic.enabled, speaker.micOn, speaker.trouble]).toEqual([0, false, false, null]);
  });
});
