# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""A client of the Fiera protocol, written from SPEC.md and golden/ alone.

Keeps a connection, its streams and its commands as the page says, comes back after a loss, and notes in `violations`
whatever the server does that the page does not describe. Tests can make it lose messages, fall silent or stay away.
"""

import asyncio
import contextlib
import json
import random
import time
import uuid

import aiohttp

from shapes import Shapes, parse
from streams import Streams, Violation, name_of

VERSION = 1
SILENCE_S = 12  # D1
FIRST_RETRY_S, LONGEST_RETRY_S, SOON_S, LATER_RETRY_S = 0.25, 2.0, 30.0, 10.0  # R5
# After these there is nothing to come back to: H2, H3, H4, U2, A2.
FINAL = {"version", "token", "expired", "unknown_event", "too_many_connections", "banned", "event_closed", "name"}
SHAPES = Shapes()
UPDATES = {}  # what all clients of this process got, by stream and number


class Refused(Exception):
    """The server refused something."""

    def __init__(self, message):
        super().__init__(f"{message['code']}: {message['sentence']}")
        self.code, self.sentence, self.id = message["code"], message["sentence"], message.get("id")


class Pending:
    """A command that has not been answered."""

    def __init__(self, body):
        self.body, self.answer = body, asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(lambda done: done.cancelled() or done.exception())


async def sign_in(http, base, event, body=None, cookie=None):
    """Gets the cookie of the event (H3): what the server said of the participant, and the cookie."""
    headers = {"Origin": base, **({"Cookie": cookie} if cookie else {})}
    async with http.post(f"{base}/api/v1/events/{event}/session", json=body or {}, headers=headers) as answer:
        told = await answer.json()
        if answer.status != 200:
            raise Refused(told)
        if set(told) != {"role", "name", "participant"}:
            raise Violation(f"H3 the session answers {told}")
        crumb = next(iter(answer.cookies.values()))
        if not crumb["httponly"]:
            raise Violation("H3 the cookie is not HttpOnly")
        return told, f"{crumb.key}={crumb.coded_value}"


class Client:
    """One connection of one participant, which comes back until it is closed."""

    def __init__(self, http, base, event, token=None, cookie=None, name=None, resume=None):
        self.http, self.base, self.event = http, base, event
        self.token, self.cookie, self.name, self.resume = token, cookie, name, resume
        self.streams, self.violations, self.log = Streams(), [], []
        self.welcome, self.drain, self.refusals, self.final = None, None, [], None
        self.mine = self.promises = self.cards = None
        self.joins, self.roster_pages, self.pending, self.answered = 0, [], {}, {}
        self.media = []  # messages about media, in order
        self.socket, self.task, self.joined, self.closed_with = None, None, False, None
        self.news = asyncio.Event()
        # Faults: which messages to lose, whether to answer pings, whether to come back.
        self.lose, self.answers_pings, self.may_return = None, True, asyncio.Event()
        self.may_return.set()

    # Coming and going

    async def join(self, timeout=8):
        """Connects and waits until everything that follows `hello` is here (H5)."""
        self.task = asyncio.create_task(self.stay())
        await self.until(lambda: self.joined, "the answer to hello", timeout)
        return self

    async def stay(self):
        """Connects, and connects again after a loss, until closed or told not to come back."""
        tries, lost_at = 0, time.monotonic()
        while self.final is None:
            await self.may_return.wait()
            try:
                await self.live_once()
                if self.joins:
                    tries, lost_at = 0, time.monotonic()
            except (aiohttp.ClientError, OSError, asyncio.TimeoutError):
                pass
            except (Violation, KeyError, ValueError, TypeError) as broken:
                self.violations.append(f"{type(broken).__name__}: {broken}")
                self.final = "violation"
            self.joined = False
            self.tell()
            if self.final is not None:
                break
            await asyncio.sleep(self.pause(tries, time.monotonic() - lost_at))
            tries += 1

    def pause(self, tries, away_s):
        """How long to wait before the next try: full jitter (R5), or what `drain` asks for (D2)."""
        if self.drain is not None:
            within, self.drain = self.drain["reconnect_within_ms"] / 1000, None
            return random.uniform(0, within)
        longest = LONGEST_RETRY_S if away_s < SOON_S else LATER_RETRY_S
        return random.uniform(0, min(longest, FIRST_RETRY_S * 2**tries))

    async def live_once(self):
        """One connection, from `hello` to its end."""
        headers = {"Origin": self.base, **({"Cookie": self.cookie} if self.cookie else {})}
        url = self.base.replace("http", "ws", 1) + "/ws"
        async with self.http.ws_connect(url, headers=headers, max_msg_size=0) as socket:
            self.socket, self.streams, self.closed_with = socket, Streams(), None
            await self.send({"kind": "hello", "version": VERSION, "event": self.event, **self.optional()})
            try:
                while True:
                    frame = await socket.receive(timeout=SILENCE_S)
                    if frame.type is aiohttp.WSMsgType.TEXT:
                        await self.take_frame(frame.data)
                    elif frame.type is aiohttp.WSMsgType.BINARY:
                        raise Violation("F4 a binary frame")
                    else:
                        self.closed_with = socket.close_code
                        return
            finally:
                if self.final != "closed":
                    self.abort()

    def optional(self):
        """The fields of `hello` that are left out where there is nothing to say (F2)."""
        given = {"token": self.token, "resume": self.resume, "name": self.name}
        return {field: value for field, value in given.items() if value is not None}

    def abort(self):
        """Ends the TCP connection without a goodbye, as a cut cable does."""
        connection = self.socket and self.socket._response.connection
        if connection and connection.transport:
            connection.transport.abort()

    async def close(self, code=1000):
        """Leaves for good."""
        self.final = self.final or "closed"
        if self.socket and not self.socket.closed:
            await asyncio.wait_for(self.socket.close(code=code), 5)
        if self.task:
            self.may_return.set()
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    # Sending

    async def send(self, message):
        """Sends one message, as one text frame (F1)."""
        await self.socket.send_str(json.dumps(message))

    async def command(self, kind, id=None, timeout=5, **fields):
        """Gives a command and waits for its answer; raises `Refused`."""
        id = id or str(uuid.uuid4())
        self.give(id, kind, **fields)
        answer = self.pending[id].answer
        if self.joined:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):  # lost: it goes out again after `welcome`
                await self.send(self.pending[id].body)
        return await asyncio.wait_for(asyncio.shield(answer), timeout)

    def give(self, id, kind, **fields):
        """Notes a command as unanswered; it is sent (again) after each `welcome` (C2)."""
        self.pending[id] = Pending({"kind": "command", "id": id, "command": {"kind": kind, **fields}})

    # Taking

    async def take_frame(self, text):
        """Handles the messages of one frame in order (F4)."""
        messages = parse(text)
        if not isinstance(messages, list) or not messages:
            raise Violation(f"F4 a frame that is no array with something in it: {text[:80]}")
        for message in messages:
            self.inspect(message)
            self.log.append(message)
            if self.lose and self.lose(message):
                continue
            await self.take(message)
        self.tell()

    def inspect(self, message):
        """Notes what the page does not describe; what one client got of a stream, every other gets just so (S5)."""
        if message["kind"] == "update" and message["stream"] != {"of": "you"}:
            key = (self.base, self.event, name_of(message["stream"]), message["epoch"], message["n"])
            known = UPDATES.setdefault(key, message)
            if known is not message:
                if known != message:
                    self.violations.append(f"S5 not what another client got: {message} and {known}")
                return
        self.violations += SHAPES.check(message)

    async def take(self, message):
        """Handles one message."""
        kind = message["kind"]
        if kind in ("snapshot", "update"):
            resync = self.streams.take(message)
            if resync:
                await self.send(resync)
        elif kind == "welcome":
            self.welcome, self.joined = message, False
        elif kind == "resume":
            self.resume = message["token"]
            if not self.joined:
                await self.arrived()
        elif kind == "ping":
            if self.answers_pings:
                await self.send({"kind": "pong", "n": message["n"]})
        elif kind == "drain":
            self.drain = message
        elif kind == "roster_page":
            self.roster_pages.append(message)
        elif kind == "mine":
            self.mine = message
        elif kind == "follow_ups":
            self.promises = message
        elif kind == "cards":
            self.cards = message
        elif kind in ("accepted", "refused"):
            self.take_answer(message)
        else:
            self.media.append(message)

    async def arrived(self):
        """All of the answer to `hello` is here: what was not answered before goes out again (H5, C2)."""
        if not self.welcome or set(self.streams.known) != self.streams.expected():
            raise Violation(f"H5 resume came when {sorted(self.streams.known)} were known")
        self.joined = True
        self.joins += 1
        for pending in list(self.pending.values()):
            if not pending.answer.done():
                await self.send(pending.body)

    def take_answer(self, message):
        """Gives an answer to the command that waits for it; one without `id` answers something else (C3)."""
        id = message.get("id")
        if id is None:
            self.refusals.append(Refused(message))
            if message["code"] in FINAL and (not self.joined or message["code"] in ("banned", "too_many_connections")):
                self.final = message["code"]
            return
        pending = self.pending.pop(id, None)
        if pending is None:
            raise Violation(f"C1 an answer that nobody waits for: {message}")
        if message["kind"] == "accepted":
            pending.answer.set_result(message)
        else:
            pending.answer.set_exception(Refused(message))

    # Watching what comes

    def tell(self):
        """Wakes whoever waits for a condition."""
        self.news.set()
        self.news = asyncio.Event()

    async def until(self, condition, what, timeout=5):
        """Waits until the condition holds; gives what it gave."""
        end = time.monotonic() + timeout
        while True:
            if self.violations:
                raise Violation("; ".join(self.violations))
            found = condition()
            if found:
                return found
            if self.final not in (None, "closed") and what == "the answer to hello":
                raise self.refusals[-1] if self.refusals else Violation(self.final)
            try:
                await asyncio.wait_for(self.news.wait(), end - time.monotonic())
            except asyncio.TimeoutError:
                raise AssertionError(f"no {what} within {timeout} s") from None

    def state(self, *name):
        """The state of a stream, None while it is not followed."""
        return self.streams.state(*name)

    @property
    def you(self):
        """What concerns this participant alone."""
        return self.streams.state("you")
