// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A browser publishes one stream with spatial layers by WHIP; who shows it small gets its low layers, and no more.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { startChromium } from "../lib/browsers.mjs";
import { hasCodecs, join } from "../lib/fair.mjs";
import { moves } from "../lib/senses.mjs";
import { startServer, whipUrl } from "../lib/server.mjs";
import { always, until } from "../lib/until.mjs";

const PICTURE = { source: "camera" };

/** In a page: publishes a moving picture of 1280 x 720 by WHIP in one codec, in a scalability mode (W3C webrtc-svc). */
async function publishByWhip({ url, token, codec, mode, rate }) {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1280, height: 720 });
  const pen = canvas.getContext("2d");
  let frame = 0;
  setInterval(() => {
    frame += 1;
    pen.fillStyle = `hsl(${(frame * 3) % 360} 80% 50%)`;
    pen.fillRect(0, 0, 1280, 720);
    pen.fillStyle = "white";
    for (let n = 0; n < 40; n += 1) pen.fillRect((n * 97 + frame * 7) % 1280, (n * 53 + frame * 3) % 720, 60, 40);
  }, 1_000 / rate);
  const pc = new RTCPeerConnection();
  const [track] = canvas.captureStream(rate).getVideoTracks();
  const transceiver = pc.addTransceiver(track, {
    direction: "sendonly",
    sendEncodings: [{ scalabilityMode: mode, maxBitrate: 1_500_000 }],
  });
  const known = RTCRtpSender.getCapabilities("video").codecs;
  const wanted = (it) => it.mimeType === codec && !/profile(-id)?=[1-9]/.test(it.sdpFmtpLine ?? "");
  transceiver.setCodecPreferences([...known.filter(wanted), ...known.filter((it) => it.mimeType === "video/rtx")]);
  await pc.setLocalDescription();
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/sdp", authorization: `Bearer ${token}` },
    body: pc.localDescription.sdp,
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${response.status} ${answer}`);
  await pc.setRemoteDescription({ type: "answer", sdp: answer });
  globalThis.sending = async () => {
    const all = [...(await pc.getStats()).values()];
    const { frameHeight, scalabilityMode, keyFramesEncoded, bytesSent, timestamp } = all.find((it) => it.type === "outbound-rtp");
    return { frameHeight, scalabilityMode, keyFramesEncoded, bytesSent, timestamp };
  };
}

/** Bits per second of the picture that a page receives, over a while. */
async function pictureBps(page, for_ms = 3_000) {
  const bytes = async () => {
    let sum = 0;
    for (const { inbound } of await page.probe("stats")) {
      for (const stream of inbound) if (stream.kind === "video") sum += stream.bytesReceived ?? 0;
    }
    return sum;
  };
  const [before, since] = [await bytes(), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, for_ms));
  return (((await bytes()) - before) * 8_000) / (performance.now() - since);
}

// Encoders without hardware: VP9 takes most of a core at so many pictures per second, AV1 with fewer layers too.
for (const [codec, mode, rate] of [["video/VP9", "L3T3_KEY", 12], ["video/AV1", "L2T1_KEY", 8]]) {
  describe(`${codec} ${mode} by WHIP`, () => {
    let server, chromium, publisher, listener;
    const height = async () => (await listener.probe("sample", PICTURE))?.height ?? 0;
    const large = () => listener.size(1600, 1000);
    before(async () => {
      server = await startServer();
      chromium = await startChromium();
      publisher = await chromium.newPage("Publisher");
      listener = await chromium.newPage("Listener");
      await publisher.goto(server.url);
      await publisher.evaluate(publishByWhip, { url: whipUrl(server), token: await server.token("speaker", "Layers"), codec, mode, rate });
      await until("all layers are sent", async () => (await publisher.evaluate(() => globalThis.sending())).frameHeight === 720, {
        within_ms: 30_000,
      });
      await join(server, listener);
    });
    after(async () => {
      await chromium?.stop();
      await server?.stop();
    });

    it("whoever shows it large gets all of it", async () => {
      await large();
      await until("the full picture comes", async () => (await height()) === 720, { within_ms: 20_000 });
      await hasCodecs(listener, codec);
      await moves(listener, PICTURE);
      const { scalabilityMode } = await publisher.evaluate(() => globalThis.sending());
      assert.equal(scalabilityMode, mode);
    });

    it("whoever shows it small gets the low layers alone, without a freeze, and all again", async (test) => {
      const whole_bps = await pictureBps(listener);
      await listener.size(360, 640);
      await until("a smaller picture comes", async () => [180, 360].includes(await height()), { within_ms: 5_000 });
      await always("it moves and stays small", async () => [180, 360].includes(await height()), { for_ms: 3_000, poll_ms: 300 });
      await moves(listener, PICTURE);
      const small_bps = await pictureBps(listener);
      test.diagnostic(`${Math.round(whole_bps / 1_000)} kbit/s in all, ${Math.round(small_bps / 1_000)} kbit/s at ${await height()} lines`);
      assert.ok(small_bps < whole_bps * 0.7, `${small_bps} of ${whole_bps} bit/s`);
      await large();
      await until("the full picture is back", async () => (await height()) === 720, { within_ms: 20_000 });
      await moves(listener, PICTURE);
    });
  });
}
