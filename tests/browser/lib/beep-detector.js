// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Audio worklet that reports the start of each 1 kHz beep in the context's time. It runs off the main thread, so that a
// busy page does not make sound seem late.

const TONE_HZ = 1_000;
/** Quanta of silence before a tone counts as a new beep. */
const QUIET_QUANTA_MIN = 60;

class BeepDetector extends AudioWorkletProcessor {
  quiet = 0;

  process([[samples]]) {
    if (!samples) return true;
    // Goertzel over one quantum, against its whole energy.
    const turn = 2 * Math.cos((2 * Math.PI * TONE_HZ) / sampleRate);
    let [before, last, energy] = [0, 0, 0];
    for (const value of samples) {
      const next = value + turn * last - before;
      before = last;
      last = next;
      energy += value * value;
    }
    const tone = (last * last + before * before - turn * last * before) / (samples.length / 2);
    const beeping = energy / samples.length > 0.003 && tone > 0.6 * energy;
    if (beeping && this.quiet > QUIET_QUANTA_MIN) this.port.postMessage(currentTime);
    this.quiet = beeping ? 0 : this.quiet + 1;
    return true;
  }
}

registerProcessor("beep-detector", BeepDetector);
