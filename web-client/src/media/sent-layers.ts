// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Which simulcast layers of one sender are really sent. One change at a time: the parameters that a browser gave out are
// void once others were set. A layer that comes back begins with a key frame by itself.

export class SentLayers {
  readonly #sender: RTCRtpSender;
  /** Numbers of the layers, the smallest picture is 0; null: all. */
  #wanted: ReadonlySet<number> | null = null;
  #busy = false;

  constructor(sender: RTCRtpSender) {
    this.#sender = sender;
  }

  /** Sends these layers and no others; without a list all of them. The smallest picture is never stopped. */
  want(layers: readonly number[] | null): void {
    this.#wanted = layers && new Set(layers);
    if (!this.#busy) void this.#apply();
  }

  async #apply(): Promise<void> {
    this.#busy = true;
    let done: ReadonlySet<number> | null | undefined;
    while (done !== this.#wanted) {
      const wanted = (done = this.#wanted);
      const parameters = this.#sender.getParameters();
      let changed = false;
      parameters.encodings.forEach((encoding, number) => {
        const active = number === 0 || wanted === null || wanted.has(number);
        changed ||= (encoding.active ?? true) !== active;
        encoding.active = active;
      });
      // Where the browser will not, everything is sent as before: only the upload is larger than it need be.
      if (changed) await this.#sender.setParameters(parameters).catch(() => undefined);
    }
    this.#busy = false;
  }
}
