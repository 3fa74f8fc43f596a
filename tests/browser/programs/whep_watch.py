# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Watches a stage by WHEP with aiortc, an implementation that shares nothing with ours.

Prints one JSON object: frame stamps read from the clip's picture, and the loudness of its sound.
Usage: whep_watch.py URL TOKEN SECONDS
"""

import array
import asyncio
import json
import math
import sys

import aiohttp
from aiortc import RTCPeerConnection, RTCSessionDescription


def stamp_of(frame):
    """The frame number in the lowest line of blocks of the luma plane (see loadtest/clip/README.md)."""
    plane = frame.planes[0]
    luma = bytes(plane)
    y = 348 * frame.height // 360
    values = [luma[y * plane.line_size + (block * 40 + 20) * frame.width // 640] for block in range(16)]
    if any(90 < value < 165 for value in values):
        return None
    bits = [value > 127 for value in values]
    ones = sum(bits[2:15])
    if not bits[0] or bits[1] or bits[15] != bool(ones % 2):
        return None
    return sum(bit << (14 - block) for block, bit in enumerate(bits) if 2 <= block <= 14)


def loudness_of(frame):
    samples = array.array("h", bytes(frame.planes[0])[: frame.samples * 2 * len(frame.layout.channels)])
    return math.sqrt(sum(sample * sample for sample in samples) / max(1, len(samples))) / 32768


async def watch(url, token, seconds):
    result = {"stamps": [], "frames": 0, "loudest": 0.0, "codecs": []}
    peer = RTCPeerConnection()
    tasks = []

    async def pictures(track):
        while True:
            frame = await track.recv()
            result["frames"] += 1
            stamp = stamp_of(frame)
            if stamp is not None:
                result["stamps"].append(stamp)

    async def sounds(track):
        while True:
            result["loudest"] = max(result["loudest"], loudness_of(await track.recv()))

    @peer.on("track")
    def on_track(track):
        tasks.append(asyncio.ensure_future(pictures(track) if track.kind == "video" else sounds(track)))

    peer.addTransceiver("audio", direction="recvonly")
    peer.addTransceiver("video", direction="recvonly")
    await peer.setLocalDescription(await peer.createOffer())
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession() as http:
        async with http.post(url, data=peer.localDescription.sdp, headers=headers) as response:
            answer = await response.text()
            result["status"] = response.status
            result["location"] = response.headers.get("Location")
            if response.status != 201:
                result["answer"] = answer
                return result
            resource = str(response.url.join(response.url.__class__(result["location"])))
        await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        try:
            async with asyncio.timeout(seconds):
                while len(set(result["stamps"])) < 20 or result["loudest"] < 0.01:
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pass
        result["connection"] = peer.connectionState
        async with http.delete(resource, headers=headers) as response:
            result["deleted"] = response.status
    for task in tasks:
        task.cancel()
    await peer.close()
    return result


print(json.dumps(asyncio.run(watch(sys.argv[1], sys.argv[2], float(sys.argv[3])))))
