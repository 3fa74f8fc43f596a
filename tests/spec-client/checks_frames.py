# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""What a server must not let through: frames, strict reading, command ids, rates (sections F, C, L)."""

import asyncio
import json
import time
import uuid

from cast import Refused, check, expect, refused


def command(kind, **fields):
    """A command with a fresh id."""
    return {"kind": "command", "id": str(uuid.uuid4()), "command": {"kind": kind, **fields}}


async def joined(cast):
    """A bare socket after the answer to hello."""
    raw = await cast.raw()
    await raw.send({"kind": "hello", "version": 1, "event": "work", "token": await cast.fair.token("speaker")})
    await raw.next("resume")
    return raw


async def still_there(raw):
    """The connection goes on: a command is answered."""
    await raw.send(command("leave"))
    answer = await raw.next("refused")
    expect(answer["code"] == "not_in_room", f"{answer}")


@check("F1", "a message above 32,768 bytes is refused as too_large and the connection goes on")
async def large(cast):
    raw = await joined(cast)
    for size in (32_769, 65_536):
        frame = json.dumps({"kind": "pong", "n": 1})
        await raw.send(frame + " " * (size - len(frame)))
        answer = await raw.next("refused")
        expect(answer["code"] == "too_large" and "id" not in answer, f"{size}: {answer}")
    frame = json.dumps(command("leave"))
    await raw.send(frame + " " * (32_768 - len(frame)))
    expect((await raw.next("refused"))["code"] == "not_in_room", "32,768 bytes are not read")


@check("F1", "above 65,536 bytes the connection is closed")
async def too_large(cast):
    raw = await joined(cast)
    await raw.send(" " * 65_537)
    await raw.answers()


@check("F1", "a binary frame is refused as malformed")
async def binary(cast):
    raw = await joined(cast)
    await raw.socket.send_bytes(b'{"kind":"pong","n":1}')
    expect((await raw.next("refused"))["code"] == "malformed", "not malformed")
    await still_there(raw)


@check("F2", "what is not exactly described is refused as malformed and nothing of it is done")
async def strict(cast):
    room = cast.fair.room()
    raw = await joined(cast)
    good = command("enter", room=room)
    read = []
    wrong = [
        "", "[]", "null", "{}", "{", '"hello"', "1",
        [good],
        {"kind": "dance"},
        {"kind": "pong"},
        {"kind": "pong", "n": "1"},
        {"kind": "pong", "n": 1.5},
        {"kind": "pong", "n": -1},
        {"kind": "pong", "n": 1, "more": 0},
        {**good, "more": 1},
        {**good, "command": {**good["command"], "more": 1}},
        {**good, "command": {"kind": "enter"}},
        {**good, "command": {"kind": "enter", "room": None}},
        {**good, "command": {"kind": "dance"}},
        {**good, "id": "1"},
        {"kind": "command", "command": good["command"]},
        {"kind": "resync", "stream": {"of": "event", "room": room}},
        {"kind": "resync", "stream": {"of": "everything"}},
        {"kind": "watch", "video_slots": "4"},
        {"kind": "watch", "video_slots": 400},
        json.dumps(good)[:-1] + ', "kind": "command"}',
        json.dumps(good).replace('"room"', f'"room": "{room}", "room"'),
    ]
    for message in wrong:
        await raw.send(message if isinstance(message, str) else json.dumps(message))
        after = command("leave")
        await raw.send(after)
        codes = []
        while (answer := await raw.message()).get("id") != after["id"]:
            codes += [answer.get("code", answer["kind"])] if answer["kind"] not in ("update", "ping") else []
        if codes != ["malformed"]:
            read.append(f"{message} {codes}")
    expect(not read, f"read although not described: {read}")
    await still_there(raw)


@check("F2", "null in an optional field means that it is left out")
async def nulls(cast):
    client = await cast.guest(cast.fair.lounge())
    snapshots = client.streams.snapshots
    await client.send({"kind": "resync", "stream": {"of": "event"}, "have": None})
    await client.send({"kind": "roster", "after": None})
    await client.until(lambda: client.streams.snapshots > snapshots and client.roster_pages, "a snapshot and a page")
    await client.command("raise_hand", topic=None)
    await client.command("lower_hand", participant=None)
    expect(not client.refusals, f"{client.refusals}")


@check("F2", "ids outside their range are refused")
async def ranges(cast):
    client = await cast.guest(cast.fair.lounge())
    for room in ("", "Main Stage", "x" * 65, "../main"):
        await refused("malformed", client.command("enter", room=room))
    await refused("unknown_room", client.command("enter", room="nowhere"))


@check("C2", "a command id seen before is not run again, and the first answer is repeated, on any connection")
async def repeated(cast):
    room = cast.fair.room()
    _, cookie = await cast.cookie()
    first, second = [await cast.join(cookie=cookie) for _ in range(2)]
    id = str(uuid.uuid4())
    await first.command("enter", id=id, room=room)
    await first.command("leave")
    await second.until(lambda: second.you["room"] is None and second.streams.known[("you",)].n >= 2, "out again")
    await second.command("enter", id=id, room=room)
    expect(second.you["room"] is None, "the command ran again")
    id = str(uuid.uuid4())
    await refused("not_in_room", first.command("leave", id=id))
    await first.command("enter", room=room)
    await refused("not_in_room", second.command("leave", id=id))
    expect((await stays(first, room)), "left by a repeated id")


async def stays(client, room):
    """Whether the participant is still in the room after another command went through."""
    await client.command("rename", name="Still here")
    await client.until(lambda: client.you["name"] == "Still here", "the new name")
    return client.you["room"] == room


@check("C2", "the last 64 ids are remembered")
async def sixty_four(cast):
    room = cast.fair.room()
    client = await cast.guest()
    first = str(uuid.uuid4())
    await client.command("enter", id=first, room=room)
    await client.command("leave")
    for at in range(62):
        await steady(client, "rename", name=f"N{at}")
    await steady(client, "enter", id=first, room=room)
    expect(client.you["room"] is None, "the 64th id ran again")


async def steady(client, kind, id=None, **fields):
    """Gives a command; when it is too fast, waits and sends the same id again (L1)."""
    id = id or str(uuid.uuid4())
    while True:
        try:
            return await client.command(kind, id=id, **fields)
        except Refused as refusal:
            expect(refusal.code == "too_fast", f"{refusal}")
            await asyncio.sleep(0.05)


@check("C4", "commands are carried out in order, and accepted comes before the updates that they caused")
async def in_order(cast):
    client = await cast.guest()
    start = len(client.log)
    ids = [str(uuid.uuid4()) for _ in range(10)]
    for at, id in enumerate(ids):
        client.give(id, "rename", name=f"Name {at}")
    answers = [client.pending[id].answer for id in ids]
    for id in ids:
        await client.send(client.pending[id].body)
    for answer in answers:
        await answer
    await client.until(lambda: client.you["name"] == "Name 9", "the last name")
    seen = []
    for message in client.log[start:]:
        if message["kind"] == "accepted":
            seen.append(ids.index(message["id"]))
        if message["kind"] == "update" and message["stream"]["of"] == "you":
            name = int(message["change"]["you"]["name"].split()[1])
            expect(name in seen, f"update {name} before its accepted")
    expect(seen == sorted(seen), f"answered in the order {seen}")


@check("L1", "above 60 in a burst messages are refused as too_fast and the connection goes on")
async def burst(cast):
    client = await cast.guest()
    ids = [str(uuid.uuid4()) for _ in range(240)]
    for id in ids:
        client.give(id, "withdraw_question", question=str(uuid.uuid4()), secret=str(uuid.uuid4()))
    answers = [client.pending[id].answer for id in ids]
    began = time.monotonic()
    for id in ids:
        await client.send(client.pending[id].body)
    await client.until(lambda: not client.pending, "an answer to each")
    more = 1 + 20 * (time.monotonic() - began)
    codes = [getattr(answer.exception(), "code", "accepted") for answer in answers]
    expect(set(codes) == {"unknown_item", "too_fast"}, f"{set(codes)}")
    expect(55 <= codes.count("unknown_item") <= 60 + more, f"{codes.count('unknown_item')} were looked at")
    again = ids[codes.index("too_fast")]
    await steady(client, "rename", again, name="Again")
    await client.until(lambda: client.you["name"] == "Again", "the command under its old id, which was not done")


@check("L2", "one's own hand goes up and down 10 times in a burst; the refusal says when it may again, and other kinds go on")
async def hands_burst(cast):
    raw = await cast.raw()
    await raw.send({"kind": "hello", "version": 1, "event": "other", "token": await cast.fair.token("attendee", event="other")})
    await raw.next("resume")
    began, said = time.monotonic(), []
    await raw.send(command("enter", room="main"))
    await raw.next("accepted")
    for _ in range(30):
        await raw.send(command("raise_hand"))
        while (answer := await raw.message())["kind"] not in ("accepted", "refused"):
            pass
        said.append(answer)
    fast = [one for one in said if one.get("code") == "too_fast"]
    more = 1 + (time.monotonic() - began)
    expect(10 <= 30 - len(fast) <= 10 + more, f"{30 - len(fast)} were taken")
    expect(all(0 < one["after_ms"] <= 1_000 for one in fast), f"{fast}")
    await raw.send(command("leave"))
    await raw.next("accepted")


@check("L3", "above 200 more refused than taken the connection is closed, and the participant is told for how long")
async def flood(cast):
    raw = await cast.raw()
    await raw.send({"kind": "hello", "version": 1, "event": "work", "token": await cast.fair.token("speaker")})
    token = (await raw.next("resume"))["token"]
    began = time.monotonic()
    try:
        for _ in range(900):
            await raw.send({"kind": "pong", "n": 1})
    except ConnectionError:
        pass
    answers = await raw.answers()
    fast = sum(answer.get("code") == "too_fast" for answer in answers)
    more = 1 + 20 * (time.monotonic() - began)
    expect(190 <= fast <= 202 + more, f"{fast} were refused before the end")
    again = await cast.raw()
    await again.send({"kind": "hello", "version": 1, "event": "work", "resume": token})
    refused = await again.next("refused")
    expect(refused["code"] == "too_fast" and 0 < refused["after_ms"] <= 30_000, f"{refused}")
