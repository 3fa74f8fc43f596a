# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Coming in: hello, cookies, tokens, names, tabs (sections H, I, A2, D)."""

import time

from cast import Refused, check, expect, refused

BAD_NAMES = ("", "   ", "x" * 61, "a\u200bb", "a\u202eb", "a\nb", "a\u0007")


async def told_and_closed(cast, code, *messages):
    """Sends messages on a bare socket; the first must be refused with the code, then the server closes."""
    raw = await cast.raw()
    for message in messages:
        await raw.send(message)
    answers = await raw.answers()
    expect([answer["kind"] for answer in answers] == ["refused"], f"answered {answers}")
    expect(answers[0]["code"] == code and "id" not in answers[0], f"answered {answers}")


def hello(event="work", **fields):
    """A `hello` of this version."""
    return {"kind": "hello", "version": 1, "event": event, **fields}


@check("H1", "anything before hello is refused as hello_expected and the connection closed")
async def before_hello(cast):
    await told_and_closed(cast, "hello_expected", {"kind": "watch", "video_slots": 1})


@check("H1", "no hello within 5 s is refused as hello_expected")
async def no_hello(cast):
    started = time.monotonic()
    await told_and_closed(cast, "hello_expected")
    expect(4 < time.monotonic() - started < 7, f"after {time.monotonic() - started:.1f} s")


@check("H1", "a second hello is refused as hello_expected")
async def second_hello(cast):
    raw = await cast.raw()
    message = hello(token=await cast.fair.token("attendee"))
    await raw.send(message)
    await raw.next("welcome")
    await raw.send(message)
    answer = await raw.next("refused")
    expect(answer["code"] == "hello_expected", f"answered {answer}")


@check("H2", "another version is refused as version")
async def other_version(cast):
    await told_and_closed(cast, "version", {**hello(token=await cast.fair.token("attendee")), "version": 2})


@check("H3", "a guest with the cookie of the event is who the session said")
async def guest_by_cookie(cast):
    told, cookie = await cast.cookie(name="Lia")
    guest = await cast.join(cookie=cookie)
    you = guest.you
    expect((you["participant"], you["name"], you["role"]) == (told["participant"], "Lia", "attendee"), str(you))
    expect((you["room"], you["place"], you["sources"]) == (None, "audience", []), str(you))


@check("H3", "a token alone makes a new participant each time, with its role and name")
async def token_alone(cast):
    one, two = [await cast.holder("speaker", name="Anna Verdi") for _ in range(2)]
    expect(one.you["participant"] != two.you["participant"], "the same participant")
    expect((one.you["role"], one.you["name"]) == ("speaker", "Anna Verdi"), str(one.you))


@check("H3", "the cookie says who, the token says the role")
async def cookie_and_token(cast):
    told, cookie = await cast.cookie()
    client = await cast.join(cookie=cookie, token=await cast.fair.token("moderator"))
    expect((client.you["participant"], client.you["role"]) == (told["participant"], "moderator"), str(client.you))


@check("H3", "a session made with a token has its role")
async def session_by_token(cast):
    told, cookie = await cast.cookie(token=await cast.fair.token("speaker", "Bo"))
    expect((told["role"], told["name"]) == ("speaker", "Bo"), str(told))
    client = await cast.join(cookie=cookie)
    expect((client.you["role"], client.you["name"]) == ("speaker", "Bo"), str(client.you))


@check("H3", "wrong token, one of another event, a cookie of another origin and nothing at all are refused as token")
async def wrong_tokens(cast):
    await told_and_closed(cast, "token", hello())
    await told_and_closed(cast, "token", hello(token="signed.token"))
    await told_and_closed(cast, "token", hello(token=await cast.fair.token("speaker", event="other")))
    _, cookie = await cast.cookie()
    socket = await cast.http.ws_connect(
        cast.fair.base.replace("http", "ws", 1) + "/ws", headers={"Cookie": cookie, "Origin": "https://elsewhere.example"})
    await socket.send_json(hello())
    answer = (await socket.receive_json(timeout=5))[0]
    expect(answer["kind"] == "refused" and answer["code"] == "token", f"another origin: {answer}")
    await refused("token", cast.cookie(token="signed.token"))


@check("H3", "an event that is not here is refused as unknown_event")
async def unknown_event(cast):
    await told_and_closed(cast, "unknown_event", hello("nowhere", token=await cast.fair.token("speaker")))
    await refused("unknown_event", cast.cookie("nowhere"))


@check("H4", "two tabs are one participant: same room, place and name, counted once, told the same")
async def two_tabs(cast):
    room = cast.fair.room()
    _, cookie = await cast.cookie(name="Uno")
    first = await cast.join(room, cookie=cookie)
    second = await cast.join(cookie=cookie)
    expect(second.you == first.you and second.you["room"] == room, f"{second.you} and {first.you}")
    expect(second.state("room", room) is not None, "the second tab does not follow the room")
    await second.command("rename", name="Due")
    await first.until(lambda: first.you["name"] == "Due", "the new name in the first tab")
    await first.until(lambda: first.state("room", room)["people"] == 1, "one person")
    await first.command("leave")
    await second.until(lambda: second.you["room"] is None, "the second tab out of the room")


@check("H4", "the highest role of all its tokens counts")
async def highest_role(cast):
    _, cookie = await cast.cookie()
    high = await cast.join(cookie=cookie, token=await cast.fair.token("moderator"))
    low = await cast.join(cookie=cookie, token=await cast.fair.token("speaker"))
    expect(low.you["role"] == high.you["role"] == "moderator", f"{low.you} and {high.you}")


@check("H4", "with a sixth connection the oldest is told too_many_connections and closed")
async def sixth_tab(cast):
    _, cookie = await cast.cookie()
    tabs = [await cast.join(cookie=cookie) for _ in range(6)]
    await tabs[0].until(lambda: tabs[0].final, "the end of the oldest tab")
    expect(tabs[0].final == "too_many_connections", f"{tabs[0].final}")
    expect(all(tab.joined for tab in tabs[1:]), "another tab was closed")


@check("H5", "welcome, a snapshot of every stream, resume, in this order")
async def order_of_answer(cast):
    organiser = await cast.holder("organiser")
    kinds = [message["kind"] for message in organiser.log]
    first = kinds[:kinds.index("resume") + 1]
    expect(first == ["welcome"] + ["snapshot"] * 4 + ["resume"], f"{first}")
    expect(organiser.welcome["resumed"] is False and organiser.welcome["version"] == 1, f"{organiser.welcome}")


@check("H6", "a name in hello is used for a new participant; possible names are taken, others refused with an id")
async def names(cast):
    client = await cast.join(token=await cast.fair.token("attendee"), name="  Ada  ")
    expect(client.you["name"] == "Ada", f"{client.you}")
    for bad in BAD_NAMES:
        try:
            await client.command("rename", name=bad)
            raise AssertionError(f"{bad!r} is taken")
        except Refused as refusal:
            expect(refusal.id is not None, "without id")
    for good in ("x" * 60, "Zo\u00eb O\u2019Hara", "\u674e\u5c0f\u9f8d", "e\u0301" * 60, "\U0001f469\u200d\U0001f52c"):
        await client.command("rename", name=good)
        await client.until(lambda: client.you["name"] == good, f"the name {good}")


@check("I2", "an impossible name is refused as name")
async def code_of_names(cast):
    token = await cast.fair.token("attendee")
    for bad in BAD_NAMES:
        await refused("name", cast.cookie(name=bad))
    await told_and_closed(cast, "name", hello(token=token, name="a\u202eb"))
    client = await cast.join(token=token)
    for bad in BAD_NAMES:
        await refused("name", client.command("rename", name=bad))


@check("A2", "nobody but organisers connects to a draft; an ended event lets people in and changes nothing")
async def draft_and_ended(cast):
    await told_and_closed(cast, "event_closed", hello("draft", token=await cast.fair.token("moderator", event="draft")))
    organiser = await cast.holder("organiser", event="draft")
    await organiser.command("enter", room="main")
    guest = await cast.guest(event="ended")
    expect(guest.state("event")["phase"] == "ended", "not ended")
    await refused("event_closed", guest.command("enter", room="main"))
    await refused("event_closed", guest.command("rename", name="Late"))


@check("D1", "the server pings every 5 s, and closes the connection of whoever says nothing for 12 s")
async def heartbeat(cast):
    raw = await cast.raw()
    await raw.send(hello(token=await cast.fair.token("attendee")))
    started = time.monotonic()
    numbers, times = [], []
    while True:
        try:
            numbers.append((await raw.next("ping", timeout=14))["n"])
            times.append(time.monotonic() - started)
        except AssertionError:
            break
    expect(11 < time.monotonic() - started < 16, f"closed after {time.monotonic() - started:.1f} s")
    expect(len(numbers) >= 2 and all(4 < b - a < 6 for a, b in zip(times, times[1:])), f"pings at {times}")


@check("D1", "whoever answers pings stays")
async def answered_pings(cast):
    client = await cast.guest()
    pings = lambda: sum(message["kind"] == "ping" for message in client.log)  # noqa: E731
    await client.until(lambda: pings() >= 3, "three pings", 18)
    expect(client.joins == 1 and client.joined, "the connection was lost")
