# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Hands, countdowns, polls, reactions, order in the room, announcements (sections W, V, Y, U, N)."""

import time
import uuid

from cast import check, expect, refused, secret


async def place(client, where):
    """Waits until one's own place is that."""
    await client.until(lambda: client.you["place"] == where, where)


def hands(moderator, room):
    """The queue as moderators see it."""
    return [(hand["participant"], hand["topic"], hand["stage"]) for hand in moderator.state("moderators", room)["hands"]]


@check("W1", "hands queue up with their topics; the audience sees a number, the owner a position")
async def raising(cast):
    room = cast.fair.room()
    one, two, moderator = await cast.guest(room), await cast.guest(room), await cast.holder("moderator", room)
    ids = [client.you["participant"] for client in (one, two)]
    await one.command("raise_hand", topic="Our migration")
    await two.command("raise_hand")
    await moderator.until(lambda: hands(moderator, room) == [(ids[0], "Our migration", "raised"), (ids[1], None, "raised")],
                          "both hands")
    await two.until(lambda: two.you["hand"] == {"topic": None, "stage": "raised", "position": 2}, "the second place")
    await one.command("raise_hand", topic="Another")
    await moderator.until(lambda: hands(moderator, room)[0] == (ids[0], "Another", "raised"), "the new topic")
    await two.until(lambda: two.state("room", room)["hands"] == 2, "the number")
    await one.command("lower_hand")
    await two.until(lambda: two.you["hand"]["position"] == 1, "the first place")
    await refused("unknown_item", one.command("lower_hand"))
    await refused("not_allowed", one.command("lower_hand", participant=ids[1]))
    await moderator.command("lower_hand", participant=ids[1])
    await two.until(lambda: two.you["hand"] is None and two.state("room", room)["hands"] == 0, "no hand")
    await refused("text", one.command("raise_hand", topic="x" * 121))


@check("W4", "from a raised hand to on air and back: an attendee may publish until they are in the audience again")
async def to_air_and_back(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    who = guest.you["participant"]
    await refused("unknown_item", moderator.command("accept_hand", participant=who))
    await guest.command("raise_hand", topic="May I?")
    await refused("not_allowed", guest.command("accept_hand", participant=who))
    await moderator.command("accept_hand", participant=who)
    await place(guest, "backstage")
    expect(guest.you["hand"] == {"topic": "May I?", "stage": "accepted", "position": 0}, f"{guest.you['hand']}")
    await refused("wrong_state", moderator.command("accept_hand", participant=who))
    await refused("wrong_state", guest.command("lower_hand"))
    await guest.command("set_source", source="mic", live=True)
    await guest.command("put_on_air")
    await moderator.until(lambda: [p["participant"] for p in moderator.state("room", room)["on_air"]] == [who], "on air")
    await guest.command("take_off_air")
    await guest.command("put_on_air")
    await guest.command("leave_backstage")
    await place(guest, "audience")
    await guest.until(lambda: guest.you["hand"] is None and guest.you["sources"] == [], "no hand and no source")
    await refused("not_allowed", guest.command("enter_backstage"))
    await moderator.until(lambda: not hands(moderator, room), "an empty queue")


@check("W7", "a countdown is seen behind the stage, can be stopped, and ends on air by the server's clock")
async def countdown(cast):
    room = cast.fair.room()
    speaker, moderator = await cast.holder("speaker", room), await cast.holder("moderator", room)
    who = speaker.you["participant"]
    await speaker.command("enter_backstage")
    await moderator.command("put_on_air", participant=who, countdown_s=30)
    await speaker.until(lambda: speaker.you["on_air_at_unix_ms"], "the time")
    left = speaker.you["on_air_at_unix_ms"] - speaker.welcome["server_unix_ms"]
    expect(28_000 < left < 36_000, f"{left} ms from the welcome")
    listed = [{"participant": who, "at_unix_ms": speaker.you["on_air_at_unix_ms"]}]
    await moderator.until(lambda: moderator.state("backstage", room)["countdowns"] == listed, "the list")
    expect(speaker.you["place"] == "backstage", f"{speaker.you}")
    await speaker.command("take_off_air")
    await speaker.until(lambda: speaker.you["on_air_at_unix_ms"] is None, "no countdown")
    await refused("wrong_state", speaker.command("take_off_air"))
    started = time.monotonic()
    await speaker.command("put_on_air", countdown_s=1)
    await place(speaker, "on_air")
    expect(0.8 < time.monotonic() - started < 4, f"on air after {time.monotonic() - started:.2f} s")
    await moderator.until(lambda: not moderator.state("backstage", room)["countdowns"], "an empty list")


def poll_of(client, room):
    """The poll that everybody sees."""
    return client.state("room", room)["poll"]


@check("V1", "a poll from draft to revealed: votes change while it is open and are told at the end alone")
async def poll_life(cast):
    room = cast.fair.room()
    moderator = await cast.holder("moderator", room)
    guests = [await cast.guest(room) for _ in range(3)]
    await refused("not_allowed", guests[0].command("draft_poll", question="Mine?", options=["a", "b"]))
    await moderator.command("draft_poll", question="Which?", options=["GitLab", "Jenkins"])
    await moderator.until(lambda: moderator.state("moderators", room)["polls"], "the draft")
    poll = moderator.state("moderators", room)["polls"][0]["poll"]
    expect(poll_of(guests[0], room) is None, "a draft is shown to all")

    async def vote(client, option):
        await client.command("vote", poll=poll, option=option)
    await refused("unknown_item", vote(guests[0], 0))
    await refused("wrong_state", moderator.command("set_poll", poll=poll, phase="closed"))
    await moderator.command("set_poll", poll=poll, phase="open")
    await guests[0].until(lambda: poll_of(guests[0], room), "the poll")
    for client, option in zip(guests, (0, 0, 1)):
        await vote(client, option)
    await vote(guests[1], 1)
    await guests[1].until(lambda: guests[1].you["vote"] == {"poll": poll, "option": 1}, "the changed vote")
    await refused("unknown_item", vote(guests[0], 2))
    await guests[0].until(lambda: poll_of(guests[0], room)["answers"] == 3, "three answers")
    expect(all(update["change"].get("poll", {}).get("tally") is None for client in (*guests, moderator)
               for update in client.log if update["kind"] == "update" and update["change"]["kind"] in ("poll", "room_poll")),
           "V5 a tally before the end")
    await moderator.command("set_poll", poll=poll, phase="closed")
    await guests[0].until(lambda: poll_of(guests[0], room)["phase"] == "closed", "the closed poll")
    await refused("wrong_state", vote(guests[0], 1))
    await guests[1].until(lambda: guests[1].you["vote"] is None, "no vote after the end")
    await moderator.command("set_poll", poll=poll, phase="revealed")
    await guests[0].until(lambda: poll_of(guests[0], room)["tally"] == [1, 2], "the tally")
    await moderator.command("dismiss_poll", poll=poll)
    await guests[0].until(lambda: poll_of(guests[0], room) is None, "no poll on the screen")


@check("V2", "impossible polls are refused; one is open at a time")
async def poll_rules(cast):
    room = cast.fair.room()
    moderator = await cast.holder("moderator", room)

    async def draft(question, *options):
        await moderator.command("draft_poll", question=question, options=list(options))
    await refused("too_many", draft("Eleven?", *"abcdefghijk"))
    await refused("text", draft("x" * 201, "a", "b"))
    await refused("text", draft("Long?", "x" * 101, "b"))
    await refused("text", draft("Empty?", "", "b"))
    await draft("One?", "a", "b")
    await draft("Two?", "a", "b")
    await moderator.until(lambda: len(moderator.state("moderators", room)["polls"]) == 2, "two drafts")
    one, two = [poll["poll"] for poll in moderator.state("moderators", room)["polls"]]
    await moderator.command("set_poll", poll=one, phase="open")
    await refused("wrong_state", moderator.command("set_poll", poll=two, phase="open"))
    await refused("wrong_state", moderator.command("dismiss_poll", poll=one))
    await moderator.command("dismiss_poll", poll=two)
    await moderator.until(lambda: len(moderator.state("moderators", room)["polls"]) == 1, "the draft is erased")
    await refused("unknown_item", moderator.command("set_poll", poll=str(uuid.uuid4()), phase="open"))


@check("Y1", "reactions are gathered: one a second of each participant counts, and no snapshot holds them")
async def reactions(cast):
    room = cast.fair.room()
    one, two = await cast.guest(room), await cast.guest(room)
    for reaction in ("applause", "applause", "heart"):
        await one.command("react", reaction=reaction)
    await two.command("react", reaction="applause")

    def heard():
        changes = [m["change"] for m in two.log if m["kind"] == "update" and m["change"]["kind"] == "reactions"]
        return [(item["reaction"], item["count"]) for change in changes for item in change["reactions"]]
    await two.until(lambda: sum(count for _, count in heard()) >= 2, "two reactions")
    expect(all(reaction == "applause" for reaction, _ in heard()), f"{heard()}")
    outside = await cast.guest()
    await refused("not_in_room", outside.command("react", reaction="heart"))


@check("U1", "who is silenced neither chats, asks, raises a hand nor reacts, and votes on")
async def silence(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room, name="Lia"), await cast.holder("moderator", room)
    who = guest.you["participant"]
    await guest.command("ask", text="Before?", anonymous=False, secret=secret())
    await refused("not_allowed", guest.command("silence", participant=moderator.you["participant"], on=True))
    await moderator.command("silence", participant=who, on=True)
    await guest.until(lambda: guest.you["silenced"], "silenced")
    listed = {"participant": who, "name": "Lia", "silenced": True, "banned": False}
    await moderator.until(lambda: listed in moderator.state("moderators", room)["restricted"], "the list")
    for kind, fields in (("chat", {"text": "x", "backstage": False, "secret": secret()}), ("raise_hand", {}),
                         ("ask", {"text": "x", "anonymous": True, "secret": secret()}), ("react", {"reaction": "wow"})):
        await refused("silenced", guest.command(kind, **fields))
    question = guest.state("room", room)["questions"][0]["question"]
    await guest.command("upvote", question=question, up=True)
    await moderator.command("silence", participant=who, on=False)
    await guest.until(lambda: not guest.you["silenced"], "not silenced")
    await guest.command("raise_hand")


@check("U2", "who is banned is told, put out and kept out until it is taken back")
async def ban(cast):
    room = cast.fair.room()
    told, cookie = await cast.cookie(name="Lia")
    guest, moderator = await cast.join(room, cookie=cookie), await cast.holder("moderator", room)
    who = told["participant"]
    peer = await cast.holder("moderator", room)
    await refused("not_allowed", moderator.command("ban", participant=peer.you["participant"], on=True))
    await refused("unknown_participant", moderator.command("ban", participant=str(uuid.uuid4()), on=True))
    await moderator.command("ban", participant=who, on=True)
    await guest.until(lambda: guest.final == "banned", "the ban")
    await moderator.until(lambda: moderator.state("room", room)["people"] == 2, "one less in the room")
    await refused("banned", cast.join(cookie=cookie))
    await moderator.command("ban", participant=who, on=False)
    await cast.join(room, cookie=cookie)


@check("N1", "announcements reach everybody wherever they are, 20 of them stay, and can be erased")
async def announcements(cast):
    organiser, guest = await cast.holder("organiser"), await cast.guest()
    texts = [f"Announcement {at}" for at in range(21)]
    for text in texts:
        await organiser.command("announce", text=text)
    shown = lambda client: [a["text"] for a in client.state("event")["announcements"]]  # noqa: E731
    await guest.until(lambda: shown(guest) == texts[1:], "the last 20")
    expect(shown(await cast.guest()) == texts[1:], "another snapshot")
    last = guest.state("event")["announcements"][-1]["announcement"]
    await organiser.command("erase_announcement", announcement=last)
    await guest.until(lambda: texts[20] not in shown(guest), "erased")
    await refused("unknown_item", organiser.command("erase_announcement", announcement=last))
    fresh = await cast.guest()
    await fresh.until(lambda: shown(fresh) == shown(guest), "the same list for somebody new")


@check("N10", "organisers see attendance in numbers")
async def numbers(cast):
    room = cast.fair.room()
    organiser = await cast.holder("organiser")
    guests = [await cast.guest(room) for _ in range(2)]
    await guests[0].command("raise_hand")
    await guests[0].command("ask", text="Open?", anonymous=False, secret=secret())
    wanted = {"room": room, "people": 2, "on_air": 0, "hands": 1, "open_questions": 1, "quality": None}
    await organiser.until(lambda: wanted in organiser.state("organisers")["numbers"]["rooms"], "the room's numbers")
    expect(organiser.state("organisers")["numbers"]["peak"] >= 3, "the most so far")
