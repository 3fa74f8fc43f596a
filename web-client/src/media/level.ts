// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Loudness of a microphone, for the speaker's own eyes: root mean square of what the analyser hears, about 15 times
// a second, mapped to 0..1 over 60 dB. The sound goes nowhere.

const EVERY_MS = 66;
const FLOOR_DB = -60;

export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #timer: ReturnType<typeof setInterval>;
  #source: MediaStreamAudioSourceNode | null = null;

  constructor(onLevel: (level: number) => void) {
    this.#analyser.fftSize = 1024;
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser.getFloatTimeDomainData(samples);
      onLevel(this.#source ? levelOf(samples) : 0);
    }, EVERY_MS);
  }

  listen(track: MediaStreamTrack | null): void {
    this.#source?.disconnect();
    this.#source = track ? this.#context.createMediaStreamSource(new MediaStream([track])) : null;
    this.#source?.connect(this.#analyser);
    void this.#context.resume();
  }

  dispose(): void {
    clearInterval(this.#timer);
    void this.#context.close();
  }
}

/** 0 at -60 dB or less, 1 at full scale. */
export function levelOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  if (sum === 0) return 0;
  const db = 10 * Math.log10(sum / samples.length);
  return Math.min(1, Math.max(0, 1 - db / FLOOR_DB));
}
