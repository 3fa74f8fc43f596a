# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Streams: numbers, lost updates, snapshots, counts, the roster (section S)."""

import asyncio
import copy
import json
import time

from cast import check, expect
from shapes import golden
from streams import CHANGES, name_of


@check("S2", "every golden change makes of every golden state what golden/applied.json says, once and twice")
async def golden_changes(_cast):
    changes, states = golden("change"), golden("stream_state")
    for case in golden("applied"):
        apply = CHANGES[case["state"]].get(case["change"], lambda _state, _change: None)
        state = copy.deepcopy(states[case["state"]])
        for times in ("once", "twice"):
            apply(state, copy.deepcopy(changes[case["change"]]))
            expect(state == case[times], f"{case['change']} of {case['state']}, {times}: {state}")


def of(name, kind="update"):
    """Whether a message is an update (or snapshot) of that stream."""
    return lambda message: message["kind"] == kind and name_of(message["stream"]) == name


def once(client, condition):
    """Loses the first message that the condition holds for."""
    def lose(message):
        if condition(message):
            client.lose = None
            return True
        return False
    return lose


@check("S3", "a missed update is asked for with `have`; exactly the missing ones come, and the state is right again")
async def missed(cast):
    room = cast.fair.room()
    name = ("room", room)
    speaker = await cast.holder("speaker", room)
    guest = await cast.guest(room)
    await speaker.command("enter_backstage")
    guest.lose = once(guest, of(name))
    snapshots = guest.streams.snapshots
    await speaker.command("put_on_air")
    await speaker.command("set_source", source="mic", live=True)
    await speaker.command("set_source", source="camera", live=True)
    await guest.until(lambda: guest.lose is None, "the update to lose")
    await speaker.command("set_source", source="camera", live=False)
    await guest.until(lambda: guest.state(*name)["on_air"] == speaker.state(*name)["on_air"]
                      and guest.state(*name)["on_air"][0]["sources"] == ["mic"], "the state after the gap")
    numbers = [message["n"] for message in guest.log if of(name)(message)]
    expect(len(numbers) > len(set(numbers)), f"the lost update did not come again: {numbers}")
    expect(guest.streams.snapshots == snapshots, "a snapshot although the server has the updates")


@check("S3", "resync without `have`, with another epoch or from the future gives a snapshot; of `you` always")
async def resync_snapshot(cast):
    room = cast.fair.room()
    guest = await cast.guest(room)
    for name in (("event",), ("room", room), ("you",)):
        stream = guest.streams.known[name]
        haves = [None, {"epoch": (stream.epoch + 1) % 2**32, "n": stream.n}, {"epoch": stream.epoch, "n": 2**52}]
        if name == ("you",):
            await guest.command("rename", name="Other")
            await guest.until(lambda: guest.you["name"] == "Other", "the new name")
            haves.append({"epoch": stream.epoch, "n": stream.n - 1})
        for have in haves:
            before = guest.streams.snapshots
            message = {"kind": "resync", "stream": dict(zip(("of", "room"), name))}
            await guest.send(message | ({"have": have} if have else {}))
            await guest.until(lambda: guest.streams.snapshots > before, f"a snapshot of {name} for {have}")


class Sieve:
    """Loses every third update of the streams that others follow too, but no answer to `resync`."""

    def __init__(self, client):
        self.client = client
        self.seen = self.lost = 0

    def __call__(self, message):
        if message["kind"] != "update" or message["stream"]["of"] == "you":
            return False
        if self.client.streams.known[name_of(message["stream"])].asked_at is not None:
            return False
        self.seen += 1
        self.lost += self.seen % 3 == 0
        return self.seen % 3 == 0


@check("S3", "a client that loses every third update has the state of one that loses none")
async def lossy(cast):
    room = cast.fair.room()
    moderator, lossy = [await cast.holder("moderator", room) for _ in range(2)]
    lossy.lose = sieve = Sieve(lossy)
    for kind in ["enter_backstage", "put_on_air", "take_off_air", "leave_backstage"] * 4 + ["enter_backstage"]:
        await moderator.command(kind)
    await moderator.until(lambda: moderator.you["place"] == "backstage", "backstage")
    # What the moderator knows may still be on its way to the other one.
    await lossy.until(lambda: sieve.lost >= 2, "two lost updates")
    lossy.lose = None
    await moderator.command("put_on_air")
    for name in (("event",), ("room", room), ("backstage", room)):
        await lossy.until(lambda: lossy.state(*name) == moderator.state(*name), f"the same state of {name}", 8)
    expect(lossy.state("room", room)["on_air"], "nobody on air")


@check("S4", "resync of a stream that one does not follow is refused as not_in_room")
async def not_followed(cast):
    room, other = cast.fair.lounge(), cast.fair.room()
    guest = await cast.guest(room)
    for stream in ({"of": "room", "room": other}, {"of": "backstage", "room": room}, {"of": "moderators", "room": room},
                   {"of": "organisers"}):
        before = len(guest.refusals)
        await guest.send({"kind": "resync", "stream": stream})
        await guest.until(lambda: len(guest.refusals) > before, f"a refusal of {stream}")
        expect(guest.refusals[-1].code == "not_in_room" and guest.refusals[-1].id is None, f"{guest.refusals[-1]}")


@check("S4", "each role and place follows its streams, each begun by a snapshot, and forgets them on leaving")
async def followed(cast):
    room, other = cast.fair.room(), cast.fair.room()
    for role in ("attendee", "speaker", "moderator", "organiser"):
        client = await cast.holder(role, room)
        moves = [("enter", {"room": other}), ("leave", {}), ("enter", {"room": room})]
        if role != "attendee":
            moves += [("enter_backstage", {}), ("put_on_air", {}), ("enter", {"room": other}), ("enter_backstage", {}),
                      ("leave_backstage", {})]
        for kind, fields in moves:
            await client.command(kind, **fields)
            await client.until(lambda: set(client.streams.known) == client.streams.expected() and settled(client, kind),
                               f"the streams of {role} after {kind}")
        expect(not client.refusals, f"{client.refusals}")


def settled(client, kind):
    """Whether `you` shows the place that the move leads to."""
    place = {"enter_backstage": "backstage", "put_on_air": "on_air"}.get(kind, "audience")
    return client.you["place"] == place and (client.you["room"] is None) == (kind == "leave")


@check("S2", "two clients that followed everything have what a fresh snapshot has")
async def converged(cast):
    room = cast.fair.room()
    names = [("room", room), ("backstage", room), ("moderators", room)]
    one, two = [await cast.holder("moderator", room) for _ in range(2)]
    guest = await cast.guest(room)
    for client in (one, two):
        await client.command("enter_backstage")
        await client.command("set_source", source="mic", live=True)
    await one.command("put_on_air")
    await two.command("set_source", source="screen", live=True)
    await guest.command("leave")
    await two.until(lambda: two.state("room", room)["people"] == 2, "two people")
    fresh = await cast.holder("moderator", room)
    for client in (one, two):
        for name in names:
            await client.until(lambda: client.state(*name) == fresh.state(*name),
                               f"state of {name}: {client.state(*name)} is not {fresh.state(*name)}")


@check("S5", "what goes to one stream is the same for all, and nothing of one room reaches another")
async def same_bytes(cast):
    here, there = cast.fair.room(), cast.fair.room()
    one, two = await cast.guest(here), await cast.guest(here)
    away = await cast.guest(there)
    speaker = await cast.holder("speaker", here)
    for kind, fields in (("enter_backstage", {}), ("put_on_air", {}), ("set_source", {"source": "mic", "live": True})):
        await speaker.command(kind, **fields)
    await one.until(lambda: one.state("room", here)["on_air"] and one.state("room", here)["on_air"][0]["sources"], "mic")
    await two.until(lambda: two.state("room", here) == one.state("room", here), "the same state")
    first, second = ({message["n"]: json.dumps(message) for message in client.log if of(("room", here))(message)}
                     for client in (one, two))
    expect(all(second[n] == first[n] for n in set(first) & set(second)), "updates differ")
    heard = [message for message in away.log if "stream" in message and message["stream"].get("room") == here]
    expect(not heard, f"heard in another room: {heard}")


@check("S6", "counts come at most every 500 ms and only when they changed")
async def counts(cast):
    room = cast.fair.room()
    watcher = await cast.guest(room)
    arrivals = []
    take = watcher.take

    async def timed(message):
        if message["kind"] == "update" and message["change"]["kind"] == "people":
            arrivals.append((time.monotonic(), message["change"]["people"]))
        await take(message)
    watcher.take = timed
    for _ in range(12):
        await cast.guest(room)
    await watcher.until(lambda: watcher.state("room", room)["people"] == 13, "13 people")
    span = arrivals[-1][0] - arrivals[0][0]
    expect(len(arrivals) <= span / 0.5 + 2, f"{len(arrivals)} updates in {span:.2f} s")
    numbers = [people for _, people in arrivals]
    expect(all(a != b for a, b in zip(numbers, numbers[1:])), f"{numbers}")


@check("S8", "the roster comes in pages of 100 by id; sources are those of who is on air")
async def roster(cast):
    room = cast.fair.room()
    token = await cast.fair.token("attendee")
    speaker = await cast.holder("speaker", room)
    await speaker.command("enter_backstage")
    await speaker.command("set_source", source="mic", live=True)
    crowd = await asyncio.gather(*(cast.join(room, token=token) for _ in range(104)))
    everybody = sorted(client.you["participant"] for client in [*crowd, speaker])
    await speaker.send({"kind": "roster"})
    await speaker.until(lambda: len(speaker.roster_pages) == 1, "the first page")
    first = speaker.roster_pages[0]
    expect([person["participant"] for person in first["people"]] == everybody[:100] and first["more"], "first page")
    await speaker.send({"kind": "roster", "after": everybody[99]})
    await speaker.until(lambda: len(speaker.roster_pages) == 2, "the second page")
    second = speaker.roster_pages[1]
    expect([person["participant"] for person in second["people"]] == everybody[100:] and not second["more"], "second")
    shown = {person["participant"]: person["sources"] for person in first["people"] + second["people"]}
    expect(not any(shown.values()), "sources of somebody who is not on air")
    await speaker.command("put_on_air")
    await speaker.send({"kind": "roster"})
    await speaker.send({"kind": "roster", "after": everybody[99]})
    await speaker.until(lambda: len(speaker.roster_pages) == 4, "two more pages")
    shown = {person["participant"]: person["sources"] for page in speaker.roster_pages[2:] for person in page["people"]}
    expect(shown[speaker.you["participant"]] == ["mic"], "the speaker's sources")
    outside = await cast.guest()
    await outside.send({"kind": "roster"})
    await outside.until(lambda: outside.refusals, "a refusal in no room")
    expect(outside.refusals[0].code == "not_in_room", f"{outside.refusals[0]}")
