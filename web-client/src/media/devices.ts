// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// Cameras, microphones and screens of this computer. Asks for permission only when told to.

/** Why a device could not be had. */
export type DeviceTrouble = 'denied' | 'notFound' | 'busy' | 'insecure';

export interface DeviceChoice {
  microphone: string | null;
  /** `null`: the usual one; `none`: no camera at all. */
  camera: string | null;
}

export function troubleOf(error: unknown): DeviceTrouble {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'SecurityError') return 'insecure';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'notFound';
  if (name === 'NotReadableError' || name === 'AbortError') return 'busy';
  return 'denied';
}

function exactly(id: string | null): MediaTrackConstraints {
  return id ? { deviceId: { ideal: id } } : {};
}

export async function openMicrophone(id: string | null): Promise<MediaStreamTrack> {
  const audio = { ...exactly(id), echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  return first(await devices().getUserMedia({ audio }));
}

export async function openCamera(id: string | null): Promise<MediaStreamTrack> {
  const video = { ...exactly(id), width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };
  return first(await devices().getUserMedia({ video }));
}

/** Microphone and camera under one permission prompt; a computer without camera gives the microphone alone. */
export async function openBoth(choice: DeviceChoice): Promise<{ mic: MediaStreamTrack; camera: MediaStreamTrack | null }> {
  if (choice.camera !== 'none') {
    try {
      const stream = await devices().getUserMedia({
        audio: { ...exactly(choice.microphone), echoCancellation: true, noiseSuppression: true, autoGainControl: true },
        video: { ...exactly(choice.camera), width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } },
      });
      const [mic] = stream.getAudioTracks();
      if (mic) return { mic, camera: stream.getVideoTracks()[0] ?? null };
    } catch (error) {
      if (troubleOf(error) === 'denied' || troubleOf(error) === 'insecure') throw error;
    }
  }
  return { mic: await openMicrophone(choice.microphone), camera: null };
}

/** A screen, window or tab, with its sound where the browser and the person allow it. */
export async function openScreen(sound: boolean): Promise<{ screen: MediaStreamTrack; sound: MediaStreamTrack | null }> {
  const stream = await devices().getDisplayMedia({
    video: { frameRate: { ideal: 15, max: 30 } },
    audio: sound ? { echoCancellation: false, noiseSuppression: false, autoGainControl: false } : false,
  });
  const [screen] = stream.getVideoTracks();
  if (!screen) throw new DOMException('No picture', 'NotFoundError');
  screen.contentHint = 'detail';
  const track = stream.getAudioTracks()[0] ?? null;
  if (track) track.contentHint = 'music';
  return { screen, sound: track };
}

/** Names are empty until a permission was given. */
export async function listDevices(kind: 'audioinput' | 'videoinput'): Promise<MediaDeviceInfo[]> {
  return (await devices().enumerateDevices()).filter((one) => one.kind === kind && one.deviceId !== '');
}

function devices(): MediaDevices {
  // Missing on pages without TLS, whatever the types say.
  const api = navigator.mediaDevices as MediaDevices | undefined;
  if (!api) throw new DOMException('No media devices on this page', 'SecurityError');
  return api;
}

function first(stream: MediaStream): MediaStreamTrack {
  const [track] = stream.getTracks();
  if (!track) throw new DOMException('No track', 'NotFoundError');
  return track;
}
