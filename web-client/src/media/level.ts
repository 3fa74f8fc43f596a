// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Loudness of a microphone, for the speaker's own eyes: root mean square of what the analyser hears, about 15 times
// a second, mapped to 0..1 over 60 dB. The sound goes nowhere.

const EVERY_MS = 66;
const FLOOR_DB = -60;
/** Samples looked at: more than come between two looks (at 48 kHz 85 ms), so that no sound falls between them. */
const WINDOW = 4_096;
/** The loudest of these pieces counts: a short sound is not thinned out by the silence around it. */
const PIECE = 256;
/** How much the bar falls from one look to the next, so that a short sound can be seen. */
const FALL = 0.08;

export class LevelMeter {
  readonly #context = new AudioContext();
  readonly #analyser = this.#context.createAnalyser();
  readonly #timer: ReturnType<typeof setInterval>;
  #source: MediaStreamAudioSourceNode | null = null;

  constructor(onLevel: (level: number) => void) {
    this.#analyser.fftSize = WINDOW;
    let shown = 0;
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser.getFloatTimeDomainData(samples);
      shown = this.#source ? fallen(shown, levelOf(samples)) : 0;
      onLevel(shown);
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

/** What the bar shows: up at once, down slowly. */
export function fallen(shown: number, level: number): number {
  return Math.max(level, shown - FALL, 0);
}

/** 0 at -60 dB or less, 1 at full scale: root mean square of the loudest piece. */
export function levelOf(samples: Float32Array): number {
  let loudest = 0;
  for (let from = 0; from < samples.length; from += PIECE) {
    const piece = samples.subarray(from, from + PIECE);
    let sum = 0;
    for (const sample of piece) sum += sample * sample;
    loudest = Math.max(loudest, sum / piece.length);
  }
  if (loudest === 0) return 0;
  return Math.min(1, Math.max(0, 1 - (10 * Math.log10(loudest)) / FLOOR_DB));
}
