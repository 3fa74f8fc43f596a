# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Watching the demo publisher and publishing oneself, with aiortc (sections M, X)."""

import contextlib

from cast import check, expect
from media import Rack, at_or_after, offering, publish


@contextlib.asynccontextmanager
async def closing(thing):
    """Closes a connection for media at the end."""
    try:
        yield thing
    finally:
        await thing.close()


async def refusal(client, message, code):
    """Sends a message that is no command; its refusal has no `id`."""
    before = len(client.refusals)
    await client.send(message)
    await client.until(lambda: len(client.refusals) > before, f"a refusal of {message['kind']}")
    expect(client.refusals[-1].code == code and client.refusals[-1].id is None, f"{client.refusals[-1]}")


async def demo_on_air(cast, client):
    """The demo's clip is on air in `main` of `demo`; starts it if it is not."""
    fair = cast.fair
    if not fair.helpers:
        fair.publish_demo(await fair.token("speaker", "Demo speaker", event="demo"))
    state = lambda: client.state("room", "main")["on_air"]  # noqa: E731
    return await client.until(lambda: [who for who in state() if {"mic", "camera"} <= set(who["sources"])],
                              "the demo speaker on air", 15)


@check("M1", "outside of a room the answer to a rack is refused as not_in_room")
async def watch_outside(cast):
    client = await cast.guest()
    async with closing(Rack(client)) as rack:
        await rack.watch(2)
        await client.until(lambda: client.refusals, "a refusal of rack_answer")
        expect(client.refusals[-1].code == "not_in_room", f"{client.refusals[-1]}")


@check("M1", "1 to 12 slots for cameras come as one rack, others as the nearest; a new watch replaces it")
async def rack_offer(cast):
    client = await cast.guest(cast.fair.room())
    numbers = []
    for asked, slots in ((1, 1), (12, 12), (0, 1), (13, 12)):
        async with closing(Rack(client)) as rack:
            await rack.watch(asked)
            cameras = [slot for slot in rack.slots.values() if slot.takes == "camera"]
            expect(len(cameras) == slots, f"{len(cameras)} camera slots for {slots}")
            expect({slot.mid for slot in rack.slots.values()} == set(rack.mids), f"{rack.mids}: {rack.offer['slots']}")
            expect({slot.takes for slot in rack.slots.values()} == {"voice", "camera", "screen", "screen_audio"}, "kinds")
            numbers.append(rack.offer["rack"])
    expect(len(set(numbers)) == 4, f"the same rack number twice: {numbers}")
    await client.send({"kind": "rack_answer", "rack": numbers[0], "sdp": "v=0\r\n"})
    await client.command("leave")
    expect(not client.refusals, f"an answer to an old rack was not ignored: {client.refusals}")
    await refusal(client, {"kind": "rack_answer", "rack": 99, "sdp": "v=0\r\n"}, "wrong_state")


@check("M9", "a description that cannot be used is refused as sdp and the connection goes on")
async def bad_description(cast):
    client = await cast.holder("speaker", cast.fair.lounge())
    await client.command("enter_backstage")
    await refusal(client, {"kind": "publish_offer", "offer": 1, "sdp": "v=0\r\n"}, "sdp")
    await client.send({"kind": "watch", "video_slots": 1})
    offer = await client.until(lambda: client.media, "rack_offer")
    await refusal(client, {"kind": "rack_answer", "rack": offer[0]["rack"], "sdp": "v=0\r\n"}, "sdp")
    await client.command("leave")


@check("M5", "who is not backstage offers in vain: attendees as not_allowed, speakers as wrong_state")
async def not_behind(cast):
    room = cast.fair.lounge()
    for client, code in ((await cast.guest(room), "not_allowed"), (await cast.holder("speaker", room), "wrong_state")):
        peer = offering()
        async with closing(peer):
            await peer.setLocalDescription(await peer.createOffer())
            await refusal(client, {"kind": "publish_offer", "offer": 1, "sdp": peer.localDescription.sdp}, code)


@check("M2", "frames of the demo publisher are decoded; each slot is named before, and the rack stays on a move")
async def watch_demo(cast):
    client = await cast.guest("main", event="demo")
    speaker = (await demo_on_air(cast, client))[0]
    async with closing(await Rack(client).watch(2)) as rack:
        await client.until(lambda: rack.showing("camera") and rack.showing("voice"), "a picture and a voice")
        camera, voice = rack.showing("camera")[0], rack.showing("voice")[0]
        for slot, source in ((camera, "camera"), (voice, "mic")):
            expect(slot.shows == {"participant": speaker["participant"], "source": source}, f"{slot.shows}")
        await client.until(lambda: len(camera.frames) >= 10 and len(voice.frames) >= 10, "decoded frames", 10)
        expect(all(width > 0 for width in camera.frames), "frames without size")
        for slot in (camera, voice):
            expect(at_or_after(slot.stamps[0], slot.since), f"a packet of {slot.stamps[0]} before {slot.since}")
        others = [slot for slot in rack.slots.values() if slot not in (camera, voice)]
        expect(not any(slot.stamps for slot in others), "packets in an empty slot")

        await client.command("enter", room="workshop")
        await client.until(lambda: not rack.showing("camera") and not rack.showing("voice"), "empty slots elsewhere")
        decoded = len(camera.frames)
        await client.command("enter", room="main")
        await client.until(lambda: rack.showing("camera"), "the picture again, in the same rack")
        again = rack.showing("camera")[0]
        await client.until(lambda: len(again.frames) > decoded + 5, "frames again", 10)


async def goes_quiet(client, slot, voice):
    """Half a second of sound in which nothing came for that slot, after at most five in which the last of it came."""
    for _ in range(6):
        packets, heard = len(slot.stamps), len(voice.frames)
        await client.until(lambda: len(voice.frames) > heard + 25, "half a second of sound")
        if len(slot.stamps) == packets:
            return
    raise AssertionError("packets of a slot that should be quiet")


@check("M3", "`want` null stops what a slot gets, a height brings it back")
async def want(cast):
    client = await cast.guest("main", event="demo")
    await demo_on_air(cast, client)
    async with closing(await Rack(client).watch(1)) as rack:
        await client.until(lambda: rack.showing("camera"), "a picture")
        camera = rack.showing("camera")[0]
        await client.until(lambda: len(camera.frames) >= 3, "decoded frames", 10)
        voice = (await client.until(lambda: rack.showing("voice"), "a voice"))[0]
        await client.send({"kind": "want", "slot": camera.number, "height": None})
        await goes_quiet(client, camera, voice)
        still = len(camera.stamps)
        await client.send({"kind": "want", "slot": camera.number, "height": 360})
        await client.until(lambda: len(camera.stamps) > still, "packets again")


@check("M5", "what a speaker publishes is forwarded only while its source is on, and ends with the stage")
async def publishing(cast):
    room = cast.fair.room()
    speaker, guest = await cast.holder("speaker", room), await cast.guest(room)
    await speaker.command("enter_backstage")
    async with closing(await publish(speaker)), closing(await Rack(guest).watch(1)) as rack:
        await speaker.command("set_source", source="camera", live=True)
        await speaker.command("put_on_air")
        await guest.until(lambda: rack.showing("camera"), "the camera's slot", 10)
        camera = rack.showing("camera")[0]
        await guest.until(lambda: camera.frames, "a decoded frame", 10)
        expect(camera.shows["participant"] == speaker.you["participant"], f"{camera.shows}")
        expect(not rack.showing("voice"), "a microphone that is off")
        await speaker.command("set_source", source="mic", live=True)
        await guest.until(lambda: rack.showing("voice") and rack.showing("voice")[0].frames, "a voice", 10)
        await speaker.command("set_source", source="camera", live=False)
        await guest.until(lambda: not rack.showing("camera"), "an empty slot")
        await goes_quiet(guest, camera, rack.showing("voice")[0])
        await speaker.command("leave_backstage")
        await guest.until(lambda: not rack.showing("voice"), "silence")
        expect(not [m for m in speaker.media if m["kind"] == "media_closed"], "M8 media_closed for one's own move")


@check("M6", "a second publish_offer replaces the first, which gets media_closed")
async def second_offer(cast):
    room = cast.fair.room()
    _, cookie = await cast.cookie()
    token = await cast.fair.token("speaker")
    one, two = [await cast.join(cookie=cookie, token=token) for _ in range(2)]
    await one.command("enter", room=room)
    await one.command("enter_backstage")
    await two.until(lambda: two.you["place"] == "backstage", "backstage in both tabs")
    async with closing(await publish(one)), closing(await publish(two)):
        closed = await one.until(lambda: [m for m in one.media if m["kind"] == "media_closed"], "media_closed")
        expect(closed[0]["direction"] == "up", f"{closed}")
        expect(not [m for m in two.media if m["kind"] == "media_closed"], "the second one was closed")


@check("X1", "a program is on air at once where the room is set so, with its token's name, and counts nowhere")
async def program(cast):
    client = await cast.guest("main", event="demo")
    speaker = (await demo_on_air(cast, client))[0]
    expect(speaker["name"] == "Demo speaker", f"{speaker}")
    await client.send({"kind": "roster"})
    await client.until(lambda: client.roster_pages, "the roster")
    people = [person["participant"] for person in client.roster_pages[0]["people"]]
    expect(speaker["participant"] not in people and client.you["participant"] in people, f"{people}")
