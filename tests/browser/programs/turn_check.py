# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""aioice as a TURN client: allocates, and makes an ICE check through the relay. Also tries to reach somebody else.

turn_check.py BASE TURN_PORT prints JSON: for each transport whether the check was answered, and what the stranger was.
"""

import asyncio
import json
import re
import sys
import urllib.request

from aioice import stun, turn

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 1 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "c=IN IP4 0.0.0.0",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:abcdefghijklmnopqrstuvwx",
        "a=fingerprint:sha-256 " + ":".join(["AB"] * 32),
        "a=setup:actpass",
        "",
    ]
)
STRANGER = ("192.0.2.99", 9)


class Receiver(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        if not self.received.done():
            self.received.set_result((data, addr))


async def through(base, host, port, transport):
    request = urllib.request.Request(
        f"{base}/api/v1/connectivity", OFFER.encode(), {"Content-Type": "application/sdp"}
    )
    answer = json.load(urllib.request.urlopen(request))
    server = answer["ice_servers"][0]
    value = lambda name: re.search(f"a={name}:(.*)", answer["sdp"]).group(1).strip()
    candidate = re.search(r"a=candidate:\S+ 1 udp \S+ (\S+) (\S+)", answer["sdp"])
    peer = (candidate.group(1), int(candidate.group(2)))
    relay, receiver = await turn.create_turn_endpoint(
        Receiver, (host, port), server["username"], server["credential"], transport=transport
    )
    check = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    check.attributes["USERNAME"] = f"{value('ice-ufrag')}:abcd"
    check.attributes["PRIORITY"] = 1
    check.attributes["ICE-CONTROLLING"] = 7
    check.add_message_integrity(value("ice-pwd").encode())
    check.add_fingerprint()
    relay.sendto(bytes(check), peer)
    data, source = await asyncio.wait_for(receiver.received, 10)
    reply = stun.parse_message(data)
    relayed = relay.get_extra_info("sockname")
    seen = {
        "answered": reply.message_class == stun.Class.RESPONSE and source == peer,
        "mapped_is_relayed": tuple(reply.attributes["XOR-MAPPED-ADDRESS"]) == tuple(relayed),
    }
    inner = relay._TurnTransport__inner_protocol
    try:
        await inner.channel_bind(0x4ABC, STRANGER)
        seen["stranger"] = "reached"
    except stun.TransactionFailed as failed:
        seen["stranger"] = failed.response.attributes["ERROR-CODE"][0]
    relay.close()
    return seen


async def main(base, port):
    host = re.match(r"https?://([^:/]+)", base).group(1)
    http_port = int(base.rsplit(":", 1)[1])
    print(
        json.dumps(
            {
                "udp": await through(base, host, port, "udp"),
                "tcp": await through(base, host, port, "tcp"),
                "pages": await through(base, host, http_port, "tcp"),
            }
        )
    )


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
