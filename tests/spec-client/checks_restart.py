# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Losses: of a connection, and of the server by a crash or on purpose (sections R, B, C2, D2)."""

import asyncio
import contextlib
import time
import uuid

from cast import Cast, check, expect, refused, secret
from fair import Fair, new_folder


@contextlib.asynccontextmanager
async def another_fair():
    """A server of its own, for what would disturb the others."""
    with new_folder() as folder:
        fair = await Fair(folder).start()
        try:
            async with Cast(fair) as cast:
                yield fair, cast
                expect(not cast.violations(), "; ".join(cast.violations()))
        finally:
            await fair.stop()


@check("R2", "who loses the connection and comes back is in the same place, and others see no change")
async def resume_in_place(cast):
    room = cast.fair.room()
    speaker, watcher = await cast.holder("speaker", room), await cast.guest(room)
    for kind, fields in (("enter_backstage", {}), ("set_source", {"source": "mic", "live": True}), ("put_on_air", {})):
        await speaker.command(kind, **fields)
    await watcher.until(lambda: watcher.state("room", room)["on_air"] and watcher.state("room", room)["people"] == 2, "on air")
    before, seen, token = dict(speaker.you), watcher.streams.known[("room", room)].n, speaker.resume
    speaker.may_return.clear()
    speaker.abort()
    await speaker.until(lambda: not speaker.joined, "the loss")
    id = str(uuid.uuid4())
    speaker.give(id, "set_source", source="camera", live=True)
    answer = speaker.pending[id].answer
    speaker.may_return.set()
    await speaker.until(lambda: speaker.joins == 2, "the way back")
    expect(speaker.welcome["resumed"] is True, f"{speaker.welcome}")
    expect({**speaker.you, "sources": 0} == {**before, "sources": 0}, f"{speaker.you}, was {before}")
    expect(speaker.resume != token, "R1 no new resume token")
    await answer
    sources = lambda: watcher.state("room", room)["on_air"][0]["sources"]  # noqa: E731
    await watcher.until(lambda: sorted(sources()) == ["camera", "mic"], "the command that waited")
    changes = [m["change"] for m in watcher.log if m["kind"] == "update" and m["stream"].get("room") == room and m["n"] > seen]
    expect([change["kind"] for change in changes] == ["on_air"], f"others saw {changes}")


@check("R1", "wrong resume tokens are ignored; one brings a token's participant back as who they were")
async def resume_tokens(cast):
    token = await cast.fair.token("speaker")
    first = await cast.join(token=token)
    wrong = await cast.join(token=token, resume="sealed-token")
    expect(wrong.welcome["resumed"] is False and wrong.you["participant"] != first.you["participant"], "resumed by a wrong one")
    again = await cast.join(token=token, resume=first.resume)
    expect(again.welcome["resumed"] is True and again.you["participant"] == first.you["participant"], "not resumed")
    _, cookie = await cast.cookie()
    other = await cast.join(cookie=cookie, resume=first.resume)
    expect(other.welcome["resumed"] is False and other.you["participant"] != first.you["participant"], "another's token")


@check("R3", "15 s after the last connection broke one has left; by code 1000 at once")
async def leaving(cast):
    room = cast.fair.room()
    watcher, guest, lost = [await cast.guest(room) for _ in range(3)]
    people = lambda: watcher.state("room", room)["people"]  # noqa: E731
    await watcher.until(lambda: people() == 3, "three people")
    lost.may_return.clear()
    lost.abort()
    started = time.monotonic()
    await guest.close(code=1000)
    await watcher.until(lambda: people() == 2, "two people at once", 3)
    await watcher.until(lambda: people() == 1, "one person", 20)
    expect(13 < time.monotonic() - started < 19, f"after {time.monotonic() - started:.1f} s")


async def busy(client, name, texts):
    """Asks without pause; what was accepted stands in `texts`."""
    for at in range(5):
        text = f"{name} {at}?"
        await client.command("ask", text=text, anonymous=False, secret=secret(), timeout=25)
        texts.append(text)


@check("B1", "kill -9, start again: everybody is back in place, what was accepted is there once, and nothing else")
async def killed(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        speaker, moderator = await cast.holder("speaker", room), await cast.holder("moderator", room)
        organiser, hand = await cast.holder("organiser", room), await cast.guest(room, name="Lia")
        guests = [await cast.guest(room) for _ in range(4)]
        for kind in ("enter_backstage", "put_on_air"):
            await speaker.command(kind)
        await organiser.command("announce", text="We resume at 11:00")
        await moderator.command("draft_poll", question="Which?", options=["a", "b"])
        await moderator.until(lambda: moderator.state("moderators", room)["polls"], "the draft")
        poll = moderator.state("moderators", room)["polls"][0]["poll"]
        await moderator.command("set_poll", poll=poll, phase="open")
        await hand.command("vote", poll=poll, option=1)
        await hand.command("raise_hand", topic="May I?")
        await hand.command("chat", text="Hello", backstage=False, secret=secret())
        await hand.command("ask", text="Before?", anonymous=False, secret=secret())
        await hand.until(lambda: hand.state("room", room)["questions"], "the question")
        question = hand.state("room", room)["questions"][0]["question"]
        await hand.command("upvote", question=question, up=True)
        await moderator.command("silence", participant=guests[3].you["participant"], on=True)
        await guests[3].until(lambda: guests[3].you["silenced"], "silenced")
        await hand.until(lambda: hand.you["upvoted"] and hand.you["vote"], "what is one's own")
        old = {client: dict(client.you) for client in cast.clients}
        epoch = moderator.streams.known[("room", room)].epoch

        accepted = []
        asking = [asyncio.create_task(busy(guest, f"Guest {at}", accepted)) for at, guest in enumerate(guests[:3])]
        await moderator.until(lambda: len(moderator.state("room", room)["questions"]) >= 6, "some questions")
        fair.kill()
        await fair.start()
        await asyncio.gather(*asking)
        for client in cast.clients:
            await client.until(lambda: client.joins == 2 and client.you["room"] == room, "everybody back", 15)
            expect(client.welcome["resumed"] is True, "not resumed")
        expect(moderator.streams.known[("room", room)].epoch != epoch, "S1 the epoch of before")
        for client, before in old.items():
            await client.until(lambda: client.you == before, f"R4 who one was: {client.you}, was {before}", 8)
        await moderator.until(lambda: len(moderator.state("room", room)["questions"]) == 16, "16 questions")
        texts = sorted(question["text"] for question in moderator.state("room", room)["questions"])
        expect(texts == sorted([*accepted, "Before?"]), f"C2 lost or doubled: {texts}")
        state = moderator.state("room", room)
        expect([message["text"] for message in state["chat"]] == ["Hello"], f"{state['chat']}")
        expect(state["chat"][0]["participant"] is None, "K2 a participant that was stored")
        expect((state["poll"]["poll"], state["poll"]["answers"]) == (poll, 1), f"V6 {state['poll']}")
        expect([q["upvotes"] for q in state["questions"] if q["text"] == "Before?"] == [1], "Q3 the upvote")
        await moderator.until(lambda: [p["participant"] for p in state["on_air"]] == [speaker.you["participant"]], "R4 on air")
        expect([a["text"] for a in moderator.state("event")["announcements"]] == ["We resume at 11:00"], "N1")
        await refused("silenced", guests[3].command("react", reaction="heart"))
        fresh = await cast.holder("moderator", room)
        for name in (("room", room), ("moderators", room), ("backstage", room)):
            await moderator.until(lambda: fresh.state(*name) == moderator.state(*name), f"the same {name}")


@check("B3", "a command that was accepted before the crash is accepted again under its id and not run again")
async def repeated_after_crash(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        guest = await cast.guest(room)
        id, own = str(uuid.uuid4()), secret()
        await guest.command("ask", id=id, text="Once?", anonymous=False, secret=own)
        fair.kill()
        await fair.start()
        await guest.until(lambda: guest.joins == 2 and guest.you["room"] == room, "the way back", 15)
        await guest.command("ask", id=id, text="Once?", anonymous=False, secret=own)
        await guest.command("ask", text="Twice?", anonymous=False, secret=secret())
        await guest.until(lambda: len(guest.state("room", room)["questions"]) > 1, "the next question")
        texts = [question["text"] for question in guest.state("room", room)["questions"]]
        expect(texts == ["Once?", "Twice?"], f"{texts}")


@check("D2", "SIGTERM: everybody is told to drain and comes back in place to the server that follows")
async def drained(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        guests = [await cast.guest(room) for _ in range(3)]
        fair.terminate()
        for guest in guests:
            await guest.until(lambda: [m for m in guest.log if m["kind"] == "drain"], "drain")
        await asyncio.to_thread(fair.process.wait, 15)
        await fair.start()
        for guest in guests:
            await guest.until(lambda: guest.joins == 2 and guest.you["room"] == room, "the way back", 20)
            expect(guest.welcome["resumed"] is True, "not resumed")
