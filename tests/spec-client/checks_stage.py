# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Directing a stage (section ST): what everybody is shown, the speaker's timer, messages that are acknowledged, silence."""

from cast import check, expect, refused


def step(client, kind, **fields):
    """Something about the stage of the room where one is."""
    return client.command("stage", step={"kind": kind, **fields})


async def on_air(cast, room):
    """A speaker on air, a moderator and somebody in the audience."""
    speaker, moderator = await cast.holder("speaker", room), await cast.holder("moderator", room)
    await speaker.command("enter_backstage")
    await speaker.command("put_on_air")
    await speaker.until(lambda: speaker.state("backstage", room), "the backstage (S4)")
    await moderator.until(lambda: moderator.state("moderators", room), "what moderators see (S4)")
    return speaker, moderator, await cast.guest(room)


async def shown(room, speaker, moderator, guest):
    """ST1: moderators say how pictures stand and whether lines under names are shown, and everybody in the room sees it."""
    await refused("not_allowed", step(speaker, "layout", layout="grid"))
    await refused("malformed", step(moderator, "layout", layout="upside_down"))
    await step(moderator, "layout", layout="side_by_side")
    await step(moderator, "titles", on=False)
    wanted = {"layout": "side_by_side", "sound_off": False, "titles": False, "resuming": False}
    await guest.until(lambda: guest.state("room", room)["show"] == wanted, "the layout")
    await refused("wrong_state", step(guest, "set_title", title="Me too"))
    await refused("text", step(speaker, "set_title", title="a\u202eb"))
    await refused("text", step(speaker, "set_title", title="x" * 81))
    await step(speaker, "set_title", title="City of Lecce")
    await guest.until(lambda: guest.state("room", room)["on_air"][0].get("title") == "City of Lecce", "the line (ST5)")
    await step(moderator, "set_title", participant=speaker.you["participant"])
    await guest.until(lambda: "title" not in guest.state("room", room)["on_air"][0], "no line (ST5)")


async def silence(room, speaker, moderator, guest):
    """ST2: one command silences the room and says so to everybody, and what is switched on is told as before."""
    await speaker.command("set_source", source="mic", live=True)
    await refused("not_allowed", step(speaker, "sound_off", off=True))
    await step(moderator, "sound_off", off=True)
    for client in (speaker, guest):
        await client.until(lambda: client.state("room", room)["show"]["sound_off"], "silence")  # noqa: B023
    expect(guest.state("room", room)["on_air"][0]["sources"] == ["mic"], "what is switched on")
    await step(moderator, "sound_off", off=False)
    await speaker.until(lambda: not speaker.state("room", room)["show"]["sound_off"], "sound again")


async def timer(room, speaker, moderator, guest):
    """ST3: the timer is for those behind the stage, and of two moderators who extend it at once one is told."""
    for seconds, amber, red in ((9, 0, 0), (14401, 0, 0), (60, 61, 0), (60, 10, 11)):
        await refused("malformed", step(moderator, "timer", seconds=seconds, amber_s=amber, red_s=red))
    await refused("wrong_state", step(moderator, "extend_timer", seconds=60, ends_unix_ms=0))
    await step(moderator, "timer", seconds=600, amber_s=120, red_s=30)
    runs = lambda: speaker.state("backstage", room)["timer"]  # noqa: E731
    await speaker.until(runs, "the timer")
    ends = runs()["ends_unix_ms"]
    await step(moderator, "extend_timer", seconds=60, ends_unix_ms=ends)
    await refused("wrong_state", step(moderator, "extend_timer", seconds=60, ends_unix_ms=ends))
    await speaker.until(lambda: runs()["ends_unix_ms"] == ends + 60_000, "a minute more")
    expect(not guest.state("backstage", room), "nothing of it for the audience")
    await step(moderator, "stop_timer")
    await speaker.until(lambda: runs() is None, "no timer")


async def told(room, speaker, moderator, guest):
    """ST4: a speaker is told and acknowledges, moderators see it, and nobody is told who is not there."""
    await refused("unknown_participant", step(moderator, "direct", text="Hello", participant=guest.you["participant"]))
    await refused("text", step(moderator, "direct", text="x" * 141))
    await step(moderator, "direct", text="Two minutes left")
    await speaker.until(lambda: [one["text"] for one in speaker.you["directions"]] == ["Two minutes left"], "the message")
    direction = speaker.you["directions"][0]["direction"]
    await refused("unknown_item", step(guest, "acknowledge", direction=direction))
    await step(speaker, "acknowledge", direction=direction)
    await speaker.until(lambda: speaker.you["directions"] == [], "nothing more")
    read = lambda: [to["acknowledged"] for one in moderator.state("moderators", room)["directions"] for to in one["to"]]  # noqa: E731
    await moderator.until(lambda: read() == [True], "that it was read")
    await step(moderator, "end_direction", direction=direction)
    await refused("unknown_item", step(moderator, "end_direction", direction=direction))


@check("ST1", "a stage is directed: how pictures stand, silence, the timer, messages to speakers (ST1 to ST5)")
async def directing(cast):
    room = cast.fair.room()
    people = await on_air(cast, room)
    for part in (shown, silence, timer, told):
        await part(room, *people)
