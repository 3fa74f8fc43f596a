# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Watching and publishing with aiortc, as section M says."""

import asyncio

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError, VideoStreamTrack

WRAP = 2**32


def at_or_after(stamp, start):
    """Whether an RTP timestamp is not before another, modulo 2^32 (M2)."""
    return (stamp - start) % WRAP < WRAP // 2


def everywhere(sdp):
    """The description with its candidates in each m-line; the server writes them once, aiortc reads the last m-line."""
    head, *media = sdp.split("\r\nm=")
    lines = [line for line in media[0].split("\r\n") if line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return "\r\nm=".join([head, media[0], *("\r\n".join([part.rstrip(), *lines, ""]).rstrip() for part in media[1:])]) + "\r\n"


class Slot:
    """One slot of a rack: what the server says it shows, and what arrives."""

    def __init__(self, description):
        self.number, self.takes, self.mid = description["slot"], description["takes"], description["mid"]
        self.shows, self.since, self.stamps, self.frames = None, None, [], []
        self.sizes = []

    def heard(self, packet):
        """Notes the timestamp of one packet."""
        if len(packet.payload):
            self.stamps.append(packet.timestamp)


class Rack:
    """The connection *down*: one offer of the server, one answer, slots whose content changes."""

    def __init__(self, client):
        self.client, self.peer, self.offer, self.slots, self.tasks, self.read = client, None, None, {}, [], 0
        self.changes = []

    async def watch(self, video_slots):
        """Asks for a rack and answers its offer (M1)."""
        before = len(self.client.media)
        await self.client.send({"kind": "watch", "video_slots": video_slots})
        self.offer = await self.client.until(
            lambda: next((m for m in self.client.media[before:] if m["kind"] == "rack_offer"), None), "rack_offer")
        self.slots = {slot["slot"]: Slot(slot) for slot in self.offer["slots"]}
        by_mid = {slot.mid: slot for slot in self.slots.values()}
        self.peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.peer.on("track", lambda track: self.tasks.append(asyncio.create_task(self.play(track, by_mid))))
        await self.peer.setRemoteDescription(RTCSessionDescription(everywhere(self.offer["sdp"]), "offer"))
        self.mids = [transceiver.mid for transceiver in self.peer.getTransceivers()]
        for transceiver in self.peer.getTransceivers():
            self.listen(transceiver.receiver, by_mid.get(transceiver.mid))
        await self.peer.setLocalDescription(await self.peer.createAnswer())
        await self.client.send({"kind": "rack_answer", "rack": self.offer["rack"], "sdp": self.peer.localDescription.sdp})
        return self

    @staticmethod
    def listen(receiver, slot):
        """Notes the RTP timestamps of a receiver as they come from the network; aiortc shows only its own."""
        handle = receiver._handle_rtp_packet

        async def noted(packet, *args, **kwargs):
            if slot:
                slot.heard(packet)
            await handle(packet, *args, **kwargs)
        receiver._handle_rtp_packet = noted

    async def play(self, track, by_mid):
        """Decodes one track until it ends."""
        mid = next(t.mid for t in self.peer.getTransceivers() if t.receiver.track is track)
        slot = by_mid[mid]
        try:
            while True:
                frame = await track.recv()
                slot.frames.append(getattr(frame, "width", 0))
                self.client.tell()
        except MediaStreamError:
            pass

    def update(self):
        """Applies what `slot_changed` said since the last call; gives whether all of it was of this rack's slots."""
        news, self.read = self.client.media[self.read:], len(self.client.media)
        for message in news:
            if message["kind"] == "slot_changed" and message["rack"] == self.offer["rack"]:
                slot = self.slots[message["slot"]]
                slot.shows, slot.since = message["shows"], message["rtp_time"]
                self.changes.append(message)
        return True

    def showing(self, takes):
        """Slots of a kind that show something now."""
        self.update()
        return [slot for slot in self.slots.values() if slot.takes == takes and slot.shows]

    async def close(self):
        """Ends the connection."""
        if self.peer:
            await self.peer.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def offering():
    """A connection with microphone, camera, screen and screen audio, in this order (M5)."""
    peer = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    for track in (AudioStreamTrack(), VideoStreamTrack(), VideoStreamTrack(), AudioStreamTrack()):
        peer.addTransceiver(track, direction="sendonly")
    return peer


async def publish(client, number=1):
    """Offers once; gives the connection after `publish_answer`."""
    peer = offering()
    await peer.setLocalDescription(await peer.createOffer())
    await client.send({"kind": "publish_offer", "offer": number, "sdp": peer.localDescription.sdp})
    answer = await client.until(
        lambda: next((m for m in client.media if m["kind"] == "publish_answer" and m["offer"] == number), None),
        "publish_answer")
    await peer.setRemoteDescription(RTCSessionDescription(everywhere(answer["sdp"]), "answer"))
    return peer
