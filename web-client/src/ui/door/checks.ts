// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

// The silent check of device and connection on the door: five questions, no permission asked, nothing sent anywhere
// but to our own server.

import { findWay, type Way } from '../../media/way';
import { socketAddress } from '../model/browser-world';
import { getEvent } from './api';

export type CheckName = 'server' | 'webrtc' | 'codec' | 'sockets' | 'media';
/** `weak`: it works by a detour. */
export type CheckResult = 'running' | 'fine' | 'weak' | 'bad';

const SLOW_MS = 3_000;

/** What could not be looked at is not complained about. */
const MEDIA: Record<Way, CheckResult> = { udp: 'fine', tcp: 'weak', relay: 'weak', none: 'bad', unknown: 'fine' };

export async function runChecks(event: string, report: (name: CheckName, result: CheckResult) => void): Promise<void> {
  const webrtc = await canView();
  report('webrtc', webrtc ? 'fine' : 'bad');
  const codecs = webrtc ? (RTCRtpReceiver.getCapabilities?.('video')?.codecs ?? []) : [];
  report('codec', codecs.some((one) => one.mimeType.toLowerCase() === 'video/vp8') ? 'fine' : 'bad');
  await Promise.all([
    inTime(getEvent(event).then((answer) => answer.ok)).then((ok) => report('server', ok ? 'fine' : 'bad')),
    inTime(socketOpens()).then((ok) => report('sockets', ok ? 'fine' : 'bad')),
    webrtc ? findWay().then((way) => report('media', MEDIA[way])) : report('media', 'bad'),
  ]);
}

/** An offer to receive is made and thrown away; a browser that has done it once connects sooner after the click. */
async function canView(): Promise<boolean> {
  if (typeof RTCPeerConnection !== 'function') return false;
  const connection = new RTCPeerConnection();
  try {
    for (const kind of ['audio', 'video']) connection.addTransceiver(kind, { direction: 'recvonly' });
    return Boolean((await connection.createOffer()).sdp);
  } catch {
    return false;
  } finally {
    connection.close();
  }
}

function inTime(question: Promise<boolean>): Promise<boolean> {
  return Promise.race([question, new Promise<boolean>((done) => setTimeout(() => done(false), SLOW_MS))]);
}

function socketOpens(): Promise<boolean> {
  return new Promise((done) => {
    const socket = new WebSocket(socketAddress());
    socket.onopen = () => {
      done(true);
      socket.close();
    };
    socket.onerror = () => done(false);
  });
}
