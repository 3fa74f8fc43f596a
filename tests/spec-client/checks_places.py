# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Rooms, places, sources, rights and phases (sections A, P)."""

from cast import check, expect, refused


async def arrive(client, place):
    """Waits until one's own place is that."""
    await client.until(lambda: client.you["place"] == place, place)


@check("P1", "every move and what it needs")
async def moves(cast):
    room = cast.fair.room()
    client = await cast.holder("speaker")
    for kind in ("leave", "enter_backstage", "put_on_air", "take_off_air", "leave_backstage"):
        await refused("not_in_room", client.command(kind))
    await refused("unknown_room", client.command("enter", room="nowhere"))
    await client.command("enter", room=room)
    for kind in ("put_on_air", "take_off_air", "leave_backstage"):
        await refused("wrong_state", client.command(kind))
    await client.command("enter_backstage")
    for kind in ("enter_backstage", "take_off_air"):
        await refused("wrong_state", client.command(kind))
    await client.command("put_on_air")
    for kind in ("enter_backstage", "put_on_air"):
        await refused("wrong_state", client.command(kind))
    await client.command("take_off_air")
    await arrive(client, "backstage")
    await client.command("put_on_air")
    await client.command("leave_backstage")
    await arrive(client, "audience")


@check("P2", "entering the room where one is already is accepted and changes nothing")
async def enter_again(cast):
    room = cast.fair.lounge()
    client = await cast.holder("speaker", room)
    await client.command("enter_backstage")
    await arrive(client, "backstage")
    await client.command("enter", room=room)
    await client.command("put_on_air")
    await arrive(client, "on_air")


@check("P3", "sources need backstage or on air, may be repeated, and go off on the way back")
async def sources(cast):
    room, other = cast.fair.room(), cast.fair.room()
    client = await cast.holder("speaker", room)
    await refused("wrong_state", client.command("set_source", source="mic", live=True))
    for back in (("leave_backstage", {}), ("enter", {"room": other}), ("leave", {})):
        await client.command("enter", room=room)
        await client.command("enter_backstage")
        await client.until(lambda: client.you["place"] == "backstage" and client.you["sources"] == [], "sources off")
        for source in ("mic", "camera", "mic", "screen", "screen_audio"):
            await client.command("set_source", source=source, live=True)
        await client.until(lambda: sorted(client.you["sources"]) == ["camera", "mic", "screen", "screen_audio"], "all")
        await client.command("put_on_air")
        await client.command(back[0], **back[1])
        await client.until(lambda: client.you["place"] == "audience" and client.you["sources"] == [], f"off by {back}")


@check("P4", "on_air is in the order of going on air, waiting in the order of coming")
async def orders(cast):
    room = cast.fair.room()
    people = [await cast.holder("speaker", room) for _ in range(3)]
    ids = [client.you["participant"] for client in people]
    watcher = await cast.holder("moderator", room)
    for client in people:
        await client.command("enter_backstage")
    waiting = lambda: [person["participant"] for person in watcher.state("backstage", room)["waiting"]]  # noqa: E731
    on_air = lambda: [person["participant"] for person in watcher.state("room", room)["on_air"]]  # noqa: E731
    await watcher.until(lambda: waiting() == ids, "waiting in the order of coming")
    for client in (people[1], people[0], people[2]):
        await client.command("put_on_air")
    await watcher.until(lambda: on_air() == [ids[1], ids[0], ids[2]] and waiting() == [], "on air in that order")
    await people[1].command("take_off_air")
    await watcher.until(lambda: on_air() == [ids[0], ids[2]] and waiting() == [ids[1]], "one less on air")


@check("P1", "12 on air, 24 behind and on the stage: above that room_full")
async def full_stage(cast):
    room = cast.fair.room()
    people = [await cast.holder("speaker", room) for _ in range(25)]
    for client in people[:24]:
        await client.command("enter_backstage")
    await refused("room_full", people[24].command("enter_backstage"))
    for client in people[:12]:
        await client.command("put_on_air")
    await refused("room_full", people[12].command("put_on_air"))
    await refused("room_full", people[24].command("enter_backstage"))
    await people[0].command("leave_backstage")
    await people[12].command("put_on_air")
    await people[24].command("enter_backstage")


@check("A1", "an attendee on a stage may not go backstage, in a breakout may; a speaker may do both")
async def rights(cast):
    guest, speaker = await cast.guest(cast.fair.room()), await cast.holder("speaker")
    await refused("not_allowed", guest.command("enter_backstage"))
    await guest.command("enter", room="table")
    await guest.command("enter_backstage")
    await guest.command("put_on_air")
    await guest.command("set_source", source="mic", live=True)
    await speaker.command("enter", room="lobby")
    await refused("not_allowed", speaker.command("enter_backstage"))
    for kind, fields in (("set_event_phase", {"phase": "ended"}), ("announce", {"text": "Hello"})):
        for client in (guest, speaker, await cast.holder("moderator")):
            await refused("not_allowed", client.command(kind, **fields))


@check("A3", "moderators act on others on stage: on and off air, sources off, never on")
async def on_others(cast):
    room = cast.fair.room()
    speaker, moderator, guest = (await cast.holder("speaker", room), await cast.holder("moderator", room),
                                 await cast.guest(room))
    who = speaker.you["participant"]
    await speaker.command("enter_backstage")
    await speaker.command("set_source", source="mic", live=True)
    await refused("not_allowed", guest.command("put_on_air", participant=who))
    await moderator.command("put_on_air", participant=who)
    await arrive(speaker, "on_air")
    await refused("not_allowed", guest.command("set_source", source="mic", live=False, participant=who))
    await moderator.command("set_source", source="mic", live=False, participant=who)
    await speaker.until(lambda: speaker.you["sources"] == [], "the mic off")
    await refused("not_allowed", moderator.command("set_source", source="mic", live=True, participant=who))
    await refused("not_allowed", guest.command("take_off_air", participant=who))
    await moderator.command("take_off_air", participant=who)
    await arrive(speaker, "backstage")
    await moderator.command("leave_backstage", participant=who)
    await arrive(speaker, "audience")


@check("A4", "acting on somebody who is not on or behind the same stage is refused as unknown_participant")
async def on_nobody(cast):
    room, other = cast.fair.room(), cast.fair.room()
    moderator, speaker = await cast.holder("moderator", room), await cast.holder("speaker", other)
    who = speaker.you["participant"]
    await speaker.command("enter_backstage")
    for participant in (who, "00000000-0000-4000-8000-000000000000"):
        for kind in ("put_on_air", "take_off_air", "leave_backstage"):
            await refused("unknown_participant", moderator.command(kind, participant=participant))
    await speaker.command("enter", room=room)
    await refused("unknown_participant", moderator.command("put_on_air", participant=who))


@check("A5", "a full room refuses attendees and lets in who works there")
async def full_room(cast):
    await cast.guest("small")
    guest = await cast.guest()
    await refused("room_full", guest.command("enter", room="small"))
    for role in ("speaker", "moderator", "organiser"):
        await cast.holder(role, "small")


@check("P5", "the event goes one step at a time; at its end everybody is in the audience and nothing can be changed")
async def phases(cast):
    organiser = await cast.holder("organiser", "main", event="short")
    speaker = await cast.holder("speaker", "main", event="short")
    await speaker.command("enter_backstage")
    await speaker.command("set_source", source="mic", live=True)
    await speaker.command("put_on_air")
    for phase in ("draft", "open", "ended"):
        await refused("wrong_state", organiser.command("set_event_phase", phase=phase))
    await organiser.command("set_event_phase", phase="live")
    await speaker.until(lambda: speaker.state("event")["phase"] == "live", "live")
    await organiser.command("set_event_phase", phase="ended")
    await speaker.until(lambda: speaker.you["place"] == "audience" and speaker.you["sources"] == [], "the audience")
    await speaker.until(lambda: speaker.state("event")["phase"] == "ended", "the end")
    await speaker.until(lambda: speaker.state("room", "main")["on_air"] == [], "an empty stage")
    for client, kind, fields in ((speaker, "enter_backstage", {}), (speaker, "rename", {"name": "Late"}),
                                 (organiser, "set_event_phase", {"phase": "live"})):
        await refused("event_closed", client.command(kind, **fields))
