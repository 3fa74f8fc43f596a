# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The people of one check: they come in by cookie or token, and are gone when the check is over."""

import asyncio
import json
import uuid

import aiohttp

from fiera_client import Client, Refused, sign_in
from streams import Violation

CHECKS = []


def check(rule, sentence, known=None):
    """Registers a check under its rule; `known` says what the server still does otherwise: then it must fail."""
    def register(function):
        CHECKS.append((rule, sentence, function, known))
        return function
    return register


def expect(condition, sentence):
    """Fails the check with a sentence."""
    if not condition:
        raise AssertionError(sentence)


def secret():
    """A fresh secret of a text (T3)."""
    return str(uuid.uuid4())


class Cast:
    """Who takes part in one check."""

    def __init__(self, fair):
        self.fair, self.clients, self.http = fair, [], None

    async def __aenter__(self):
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0))
        return self

    async def __aexit__(self, *_):
        await asyncio.gather(*(client.close() for client in self.clients), return_exceptions=True)
        await self.http.close()

    def violations(self):
        """What the server did to any of them that the page does not describe."""
        return [violation for client in self.clients for violation in client.violations]

    def client(self, event="work", **who):
        """A client that has not joined yet."""
        client = Client(self.http, self.fair.base, event, **who)
        self.clients.append(client)
        return client

    async def join(self, room=None, event="work", **who):
        """A client that has joined, and entered the room if one is given."""
        client = await self.client(event, **who).join()
        if room:
            await client.command("enter", room=room)
            await client.until(lambda: client.state("room", room), f"snapshot of {room}")
        return client

    async def cookie(self, event="work", **body):
        """A new session: what the server told, and the cookie."""
        return await sign_in(self.http, self.fair.base, event, body)

    async def guest(self, room=None, event="work", name=None):
        """Somebody who came by the address of the event alone."""
        _, cookie = await self.cookie(event, **({"name": name} if name else {}))
        return await self.join(room, event, cookie=cookie)

    async def holder(self, role, room=None, event="work", name=None):
        """Somebody with a token of that role."""
        return await self.join(room, event, token=await self.fair.token(role, name, event))

    async def raw(self):
        """A bare socket, for what no client would send."""
        headers = {"Origin": self.fair.base}
        return Raw(await self.http.ws_connect(self.fair.base.replace("http", "ws", 1) + "/ws", headers=headers))


class Raw:
    """A socket without any manners."""

    def __init__(self, socket):
        self.socket, self.unread = socket, []

    async def send(self, message):
        """Sends an object as JSON, or text as it is."""
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def message(self, timeout=8):
        """The next message, None at the end of the connection."""
        while not self.unread:
            frame = await self.socket.receive(timeout=timeout)
            if frame.type is not aiohttp.WSMsgType.TEXT:
                return None
            self.unread = json.loads(frame.data)
        return self.unread.pop(0)

    async def answers(self):
        """Every message until the server closes the connection."""
        messages = []
        while message := await self.message():
            messages.append(message)
        return messages

    async def next(self, kind, timeout=8):
        """The next message of a kind; others are skipped."""
        while message := await self.message(timeout):
            if message["kind"] == kind:
                return message
        raise AssertionError(f"closed before {kind}")


async def refused(code, action):
    """Runs an action that must be refused with that code, or with one of a set of them."""
    try:
        await action
    except Refused as refusal:
        codes = code if isinstance(code, set) else {code}
        expect(refusal.code in codes, f"refused as {refusal.code}, not as {code}: {refusal.sentence}")
        expect(refusal.sentence.strip().endswith((".", "!")), f"C3 no sentence: {refusal.sentence!r}")
        return refusal
    raise AssertionError(f"not refused as {code}")


__all__ = ["CHECKS", "Cast", "Refused", "Violation", "check", "expect", "refused", "secret"]
