// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// A page that sends the bundled clip to itself over a peer connection: what the probes are tested on.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";

import { clipPath } from "./paths.mjs";

const PAGE = `<!doctype html><meta charset="utf-8"><title>Fixture</title>
<button data-testid="play">play</button>
<video data-testid="slot-video-0" autoplay playsinline muted width="320"></video>
<audio data-testid="slot-audio-0"></audio>
<script type="module">
document.querySelector("[data-testid=play]").onclick = async () => {
  const clip = document.createElement("video");
  clip.src = "/clip.webm"; clip.loop = true;
  await clip.play();
  const sent = clip.captureStream ? clip.captureStream() : clip.mozCaptureStream();
  const [from, to] = [new RTCPeerConnection(), new RTCPeerConnection()];
  from.onicecandidate = ({ candidate }) => to.addIceCandidate(candidate);
  to.onicecandidate = ({ candidate }) => from.addIceCandidate(candidate);
  const video = document.querySelector("video"), audio = document.querySelector("audio");
  to.ontrack = ({ track, streams }) => {
    const element = track.kind === "video" ? video : audio;
    element.srcObject = new MediaStream([track]);
    element.play();
  };
  for (const track of sent.getTracks()) from.addTrack(track, sent);
  await from.setLocalDescription();
  await to.setRemoteDescription(from.localDescription);
  await to.setLocalDescription();
  await from.setRemoteDescription(to.localDescription);
  globalThis.hold = () => clip.pause();
  globalThis.hush = () => { audio.muted = true; };
};
</script>`;

/** Serves the page; `url` is where. */
export async function startFixturePage() {
  const server = createServer((request, response) => {
    if (request.url === "/clip.webm") {
      response.setHeader("content-type", "video/webm");
      response.end(readFileSync(clipPath));
    } else {
      response.setHeader("content-type", "text/html");
      response.end(PAGE);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}
