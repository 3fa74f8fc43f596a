// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Runs inside the page before its own scripts: looks at what is really shown and heard. It changes nothing of the
// page, except that `camera` ({ color, tone_hz, screen: { color, tone_hz } }) replaces devices by a known picture and sound, and
// `media_via` ({ from, to }) sends media to another port of the same machine, where a link listens.
function probe({ camera, media_via }) {
  if (globalThis.__probe) return;

  // Every connection of the page, for statistics.
  const connections = [];
  const Native = globalThis.RTCPeerConnection;
  if (Native) {
    globalThis.RTCPeerConnection = class extends Native {
      constructor(...args) {
        super(...args);
        connections.push(this);
      }

      setRemoteDescription(description) {
        return super.setRemoteDescription(media_via ? through(description) : description);
      }
    };
  }

  /** A description whose candidates name the port of the link instead of the server's. */
  function through({ type, sdp }) {
    const port = new RegExp(`^(a=candidate:(?:\\S+ ){5})${media_via.from} `, "gm");
    return { type, sdp: sdp.replace(port, `$1${media_via.to} `) };
  }

  // Devices asked for: listeners must never be asked.
  const asked = { devices: 0, screens: 0 };
  const devices = navigator.mediaDevices;
  if (devices) {
    const askDevices = devices.getUserMedia?.bind(devices);
    devices.getUserMedia = (wanted) => {
      asked.devices += 1;
      return camera?.color ? Promise.resolve(madeUp(wanted)) : askDevices(wanted);
    };
    const askScreen = devices.getDisplayMedia?.bind(devices);
    devices.getDisplayMedia = (wanted) => {
      asked.screens += 1;
      return camera?.screen ? Promise.resolve(madeUp({ video: true, audio: true }, camera.screen)) : askScreen(wanted);
    };
  }

  /** A stream of one plain colour with a moving white bar and a steady tone. */
  function madeUp(wanted, look = camera) {
    const tracks = [];
    if (wanted.video) {
      const canvas = document.createElement("canvas");
      canvas.width = look.width ?? 1280;
      canvas.height = look.height ?? 720;
      const context = canvas.getContext("2d");
      let frame = 0;
      const paint = () => {
        context.fillStyle = look.color;
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.fillStyle = "#ffffff";
        context.fillRect(0, (frame * 12) % canvas.height, canvas.width, canvas.height / 30);
        frame += 1;
      };
      paint();
      setInterval(paint, 40);
      tracks.push(...canvas.captureStream(25).getVideoTracks());
    }
    if (wanted.audio) {
      const context = new AudioContext();
      const tone = context.createOscillator();
      tone.frequency.value = look.tone_hz ?? 440;
      const volume = context.createGain();
      volume.gain.value = 0.3;
      const out = context.createMediaStreamDestination();
      tone.connect(volume).connect(out);
      tone.start();
      context.resume();
      tracks.push(...out.stream.getAudioTracks());
    }
    return new MediaStream(tracks);
  }

  const byTestid = (testid) => document.querySelector(`[data-testid="${testid}"]`);

  /** The tiles of the stage that hold a slot, with the name that stands on each. */
  const tiles = () =>
    [...document.querySelectorAll("[data-slot][data-takes]")].map((element) => ({
      video: element.querySelector("video"),
      slot: Number(element.dataset.slot),
      source: element.dataset.source ?? null,
      state: element.dataset.state ?? null,
      name: element.querySelector('[data-testid="on-air-name"]')?.innerText.trim() ?? null,
    }));

  /**
   * A video by slot number, by `{ name, source }` of its tile (either may be left out), or by `{ testid }` of something
   * that holds it.
   */
  function video(which) {
    if (typeof which === "number") return document.querySelector(`video[data-testid="slot-video-${which}"]`);
    if (which.testid) return document.querySelector(`[data-testid="${which.testid}"] video`);
    const fits = (tile) =>
      (!which.name || tile.name?.includes(which.name)) && (!which.source || tile.source === which.source);
    return tiles().find((tile) => tile.source && fits(tile))?.video ?? null;
  }
  const audio = (slot) => document.querySelector(`audio[data-testid="slot-audio-${slot}"]`);
  const seen = (element) =>
    Boolean(element?.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true }));

  const canvases = new Map();
  function drawing(width, height) {
    const key = `${width}x${height}`;
    if (!canvases.has(key)) {
      const canvas = document.createElement("canvas");
      canvas.width = width;
      canvas.height = height;
      canvases.set(key, canvas.getContext("2d", { willReadFrequently: true }));
    }
    return canvases.get(key);
  }

  const hasPicture = (element) => element && element.readyState >= 2 && element.videoWidth > 0;

  /** Mean colour and a coarse grid of brightness of what a video element shows; null without a picture. */
  function sampleOf(element) {
    if (!hasPicture(element)) return null;
    const [width, height] = [32, 18];
    const context = drawing(width, height);
    context.drawImage(element, 0, 0, width, height);
    const { data } = context.getImageData(0, 0, width, height);
    const sum = [0, 0, 0];
    const grid = [];
    for (let at = 0; at < data.length; at += 4) {
      for (let channel = 0; channel < 3; channel += 1) sum[channel] += data[at + channel];
      grid.push((data[at] + data[at + 1] + data[at + 2]) / 3);
    }
    const pixels = width * height;
    return {
      red: sum[0] / pixels,
      green: sum[1] / pixels,
      blue: sum[2] / pixels,
      grid,
      width: element.videoWidth,
      height: element.videoHeight,
      shown: seen(element),
      playing: !element.paused,
    };
  }

  /** The frame number that the clip carries in its lowest 24 of 360 lines; null when it cannot be read. */
  function stampOf(element) {
    if (!hasPicture(element)) return null;
    const [width, height] = [320, 180];
    const context = drawing(width, height);
    context.drawImage(element, 0, 0, width, height);
    const { data } = context.getImageData(0, 174, width, 1);
    const bits = [];
    for (let block = 0; block < 16; block += 1) {
      const at = (block * 20 + 10) * 4;
      const brightness = (data[at] + data[at + 1] + data[at + 2]) / 3;
      if (brightness > 90 && brightness < 165) return null;
      bits.push(brightness > 127 ? 1 : 0);
    }
    const ones = bits.slice(2, 15).reduce((sum, bit) => sum + bit, 0);
    if (bits[0] !== 1 || bits[1] !== 0 || bits[15] !== ones % 2) return null;
    return bits.slice(2, 15).reduce((number, bit) => number * 2 + bit, 0);
  }

  let listening;
  const context = () => {
    listening ??= new AudioContext();
    if (listening.state === "suspended") listening.resume();
    return listening;
  };
  const ears = new WeakMap();
  /** An analyser on what a media element plays. */
  function earOf(element) {
    const stream = element?.srcObject;
    if (!stream?.getAudioTracks().length) return null;
    if (!ears.has(stream)) {
      const analyser = context().createAnalyser();
      analyser.fftSize = 2048;
      context().createMediaStreamSource(stream).connect(analyser);
      ears.set(stream, analyser);
    }
    return ears.get(stream);
  }

  /** Loudness (root mean square, 0 to 1) of an element, its strongest frequency, and whether it would be heard. */
  async function heardOf(element) {
    const track = element?.srcObject?.getAudioTracks()[0];
    if (!track) return null;
    const audible = !element.paused && !element.muted && element.volume > 0;
    const ear = earOf(element);
    if (context().state !== "running") return { ...(await decodedLoudness(track)), audible };
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    const rms = Math.sqrt(samples.reduce((sum, value) => sum + value * value, 0) / samples.length);
    const bins = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(bins);
    let strongest = 1;
    for (let bin = 2; bin < bins.length; bin += 1) if (bins[bin] > bins[strongest]) strongest = bin;
    return { rms, tone_hz: (strongest * context().sampleRate) / ear.fftSize, audible };
  }

  const energies = new WeakMap();
  /**
   * Without an audio device (Firefox has no stand-in for one) a sound graph never runs: takes the energy of the
   * decoded samples since the last call, which the decoder counts while they are played (W3C webrtc-stats).
   */
  async function decodedLoudness(track) {
    for (const connection of connections) {
      const receiver = connection.getReceivers().find((it) => it.track === track);
      if (!receiver) continue;
      for (const it of (await receiver.getStats()).values()) {
        if (it.type !== "inbound-rtp") continue;
        const before = energies.get(track) ?? { energy: 0, duration_s: 0 };
        const now = { energy: it.totalAudioEnergy ?? 0, duration_s: it.totalSamplesDuration ?? 0 };
        energies.set(track, now);
        const duration_s = now.duration_s - before.duration_s;
        return { rms: duration_s > 0 ? Math.sqrt((now.energy - before.energy) / duration_s) : 0, tone_hz: null };
      }
    }
    return { rms: 0, tone_hz: null };
  }

  /** The audio element that has had sound most recently: the clip's, when it is the only one on air. */
  const playing = () => [...document.querySelectorAll("audio")].find((it) => it.srcObject && !it.paused && !it.srcObject.getAudioTracks()[0]?.muted);

  const recordings = new Map();
  let recordingNumber = 0;

  globalThis.__probe = {
    asked: () => ({ ...asked }),
    /** The connections themselves, for what runs in the page. */
    connections: () => connections,
    sample: (slot) => sampleOf(video(slot)),
    stamp: (slot) => stampOf(video(slot)),

    /** Milliseconds from the next click, as the page's clock has it, to the first picture of a slot that is seen; none within 20 s. */
    clickToPicture: (slot) =>
      new Promise((resolve) => {
        const clicked = ({ timeStamp }) => {
          const look = () => {
            const element = video(slot);
            const took_ms = performance.now() - timeStamp;
            if (hasPicture(element) && seen(element) && !element.paused) resolve(took_ms);
            else if (took_ms > 20_000) resolve(null);
            else requestAnimationFrame(look);
          };
          look();
        };
        addEventListener("click", clicked, { capture: true, once: true });
      }),
    heard: (slot) => heardOf(audio(slot)),

    /** The loudest of all elements that play; null when none has sound. */
    loudest: async () => {
      const elements = [...document.querySelectorAll("audio, video")];
      const all = (await Promise.all(elements.map(heardOf))).filter((it) => it?.audible);
      return all.sort((a, b) => b.rms - a.rms)[0] ?? null;
    },

    /** Watches the times at which the picture really changed; `frameGaps` ends that and tells the gaps. A repeated frame is no change. */
    recordFrames: (slot) => {
      const element = video(slot);
      const recording = { times_ms: [performance.now()], running: true };
      let before = null;
      const frame = (now) => {
        const grid = sampleOf(element)?.grid;
        if (grid && (!before || grid.some((value, at) => Math.abs(value - before[at]) > 4))) {
          recording.times_ms.push(now);
          before = grid;
        }
        if (recording.running) element.requestVideoFrameCallback(frame);
      };
      element.requestVideoFrameCallback(frame);
      recordings.set(++recordingNumber, recording);
      return recordingNumber;
    },
    frameGaps: (number) => {
      const recording = recordings.get(number);
      const now = performance.now();
      recording.running = false;
      const { times_ms } = recording;
      const gaps = times_ms.slice(1).map((time, at) => time - times_ms[at]);
      gaps.push(now - times_ms.at(-1));
      return { frames: times_ms.length - 1, longest_ms: Math.max(0, ...gaps), gaps_over_500: gaps.filter((gap) => gap > 500).length };
    },

    /** What is on stage: slot, source, state, name and whether the picture is seen. */
    tiles: () => tiles().map(({ video: element, ...tile }) => ({ ...tile, shown: seen(element) })),

    /**
     * Looks at all tiles at every animation frame: which name stands on a picture that is seen, and what colour it has.
     * Keeps for every slot the sequence of changes, with how many frames each lasted.
     */
    recordNames: () => {
      const recording = { bySlot: {}, running: true };
      const look = () => {
        for (const tile of tiles()) {
          const sample = sampleOf(tile.video);
          if (!tile.name || !sample?.shown) continue;
          const entry = { name: tile.name, color: colorOf(sample) };
          const entries = (recording.bySlot[tile.slot] ??= []);
          const last = entries.at(-1);
          if (last?.name === entry.name && last.color === entry.color) last.frames += 1;
          else entries.push({ ...entry, frames: 1, at_ms: Math.round(performance.now()) });
        }
        if (recording.running) requestAnimationFrame(look);
      };
      look();
      recordings.set(++recordingNumber, recording);
      return recordingNumber;
    },
    names: (number) => {
      const recording = recordings.get(number);
      recording.running = false;
      return recording.bySlot;
    },

    /** Times of the clip's flash (top left corner turns white) and beep (1 kHz) on one clock, milliseconds. */
    recordLipSync: async ({ video_slot, audio_slot, detector_source }) => {
      const recording = { flashes_ms: [], beeps_ms: [], running: true };
      const element = video(video_slot);
      const corner = drawing(20, 11);
      let bright = true;
      const frame = (now, metadata) => {
        corner.drawImage(element, 0, 0, 20, 11);
        const [red] = corner.getImageData(1, 1, 1, 1).data;
        if (red > 180 && !bright) recording.flashes_ms.push(metadata.expectedDisplayTime ?? now);
        bright = red > 128;
        if (recording.running) element.requestVideoFrameCallback(frame);
      };
      element.requestVideoFrameCallback(frame);

      const sound = context();
      await sound.audioWorklet.addModule(URL.createObjectURL(new Blob([detector_source], { type: "text/javascript" })));
      const detector = new AudioWorkletNode(sound, "beep-detector");
      // One pair of clocks for all: what leaves the context at `contextTime` is heard at `performanceTime`.
      detector.port.onmessage = ({ data }) => {
        const { contextTime, performanceTime } = sound.getOutputTimestamp();
        recording.beeps_ms.push(performanceTime + (data - contextTime) * 1_000);
      };
      const played = audio_slot === null ? playing() : audio(audio_slot);
      const source = sound.createMediaStreamSource(played.srcObject);
      source.connect(detector);
      detector.connect(sound.destination);
      recording.stop = () => {
        recording.running = false;
        source.disconnect();
        detector.disconnect();
      };
      recordings.set(++recordingNumber, recording);
      return recordingNumber;
    },
    stopLipSync: (number) => recordings.get(number).stop(),
    /** Beep minus flash for each pair, milliseconds; positive: the sound is late. */
    lipSync: (number) => {
      const { flashes_ms, beeps_ms } = recordings.get(number);
      const nearest = (time) => beeps_ms.reduce((best, it) => (Math.abs(it - time) < Math.abs(best - time) ? it : best), Infinity);
      const offsets_ms = flashes_ms.map((flash) => Math.round(nearest(flash) - flash)).filter((it) => Math.abs(it) < 500);
      return { flashes: flashes_ms.length, beeps: beeps_ms.length, offsets_ms };
    },

    /** Statistics of every open connection, as plain objects, with the codec's name on each stream. */
    stats: async () => {
      const open = connections.filter((it) => it.connectionState !== "closed");
      return Promise.all(
        open.map(async (connection) => {
          const all = [];
          for (const it of (await connection.getStats()).values()) all.push({ ...it });
          const codec = (id) => all.find((it) => it.id === id)?.mimeType ?? null;
          const streams = (type) => all.filter((it) => it.type === type).map((it) => ({ ...it, mimeType: codec(it.codecId) }));
          return { state: connection.connectionState, inbound: streams("inbound-rtp"), outbound: streams("outbound-rtp") };
        }),
      );
    },
  };

  /** The name of a plain colour: which channel stands out; "mixed" when none does. */
  function colorOf({ red, green, blue }) {
    const channels = { red, green, blue };
    const [[first, most], [, second]] = Object.entries(channels).sort((a, b) => b[1] - a[1]);
    if (most < 40) return "black";
    return most - second > 60 ? first : "mixed";
  }
}
