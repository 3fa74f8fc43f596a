# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Breakouts (section O): people are sent, told, moved, and brought back. One round runs at a time in an event, so that all
of it is one check."""

from cast import check, expect, refused, secret
from checks_restart import another_fair

NOTICE_S = 8  # O2: 5 s, and the way there


def step(client, kind, **fields):
    """Something about breakouts."""
    return client.command("breakouts", step={"kind": kind, **fields})


@check("O1", "a round is prepared, drawn, announced, open and closing; rooms hear their own; nobody else runs it")
async def a_round(cast):
    room = cast.fair.room()
    organiser = await cast.holder("organiser", room)
    people = [await cast.guest(room) for _ in range(4)]
    plan = {"from": room, "rooms": [{"title": "Testing", "topic": "What breaks?"}, {"title": "Testing"}], "mode": "random",
            "capacity": 2, "minutes": 1, "latecomers": "placed"}
    await refused("not_allowed", step(people[0], "prepare", plan=plan))
    await refused("too_many", step(organiser, "prepare", plan={**plan, "rooms": []}))
    await refused("malformed", step(organiser, "prepare", plan={**plan, "capacity": 0}))
    await step(organiser, "prepare", plan=plan)
    rounds = lambda: organiser.state("breakouts")["rounds"]  # noqa: E731
    await organiser.until(rounds, "the draft")
    draft = rounds()[-1]["round"]
    expect(people[0].state("event")["breakout"] is None, "a draft is told to everybody")
    await step(organiser, "deal", round=draft)
    await organiser.until(lambda: [len(one["seated"]) for one in rounds()[-1]["rooms"]] == [2, 2], "rooms of equal size (O2)")
    await refused("not_allowed", step(people[0], "rehearse", round=draft, bots=4))
    await step(organiser, "rehearse", round=draft, bots=4)
    rehearsal = lambda: organiser.state("breakouts")["rehearsal"]  # noqa: E731
    await organiser.until(rehearsal, "the dry run (O13)")
    bots = [one["name"] for room in rehearsal()["round"]["rooms"] for one in room["seated"]]
    expect(len(bots) == 4 and all(name.startswith("Bot ") for name in bots), f"O13 not bots: {bots}")
    await refused("wrong_state", step(organiser, "send", round=draft))
    await step(organiser, "end_rehearsal")
    await organiser.until(lambda: rehearsal() is None, "the end of the dry run (O14)")
    expect(people[0].state("event")["breakout"] is None and people[0].you["breakout"] is None, "O14 somebody was told")
    await step(organiser, "send", round=draft)
    for client in people:
        await client.until(lambda client=client: client.you["breakout"], "where to go")
    await step(people[3], "stay")
    homes = [client.you["breakout"]["room"] for client in people]
    for client, home in list(zip(people, homes))[:3]:
        await client.until(lambda client=client, home=home: client.you["room"] == home, "the own room", NOTICE_S)
        await client.until(lambda client=client: client.you["place"] == "on_air", "on air with nothing on (O6)")
        expect(client.you["sources"] == [], "something is on")
    expect(people[3].you["room"] == room, "who stays is moved (O3)")
    other = next(home for home in homes if home != homes[0])
    await refused("not_allowed", people[0].command("enter", room=other))
    await step(people[0], "call_help", on=True)
    await organiser.until(lambda: any(one["help"] == "called" for one in rounds()[-1]["rooms"]), "the call (O7)")
    await step(organiser, "acknowledge", room=homes[0])
    own = secret()
    await step(people[0], "add_card", text="Roll back first", secret=own)
    await people[0].until(lambda: people[0].state("room", homes[0])["cards"], "the card (O8)")
    card = people[0].state("room", homes[0])["cards"][0]["card"]
    await refused("not_allowed", step(people[0], "edit_card", card=card, text="No", secret=secret()))
    await step(people[0], "vote_card", card=card, up=True)
    await people[0].until(lambda: people[0].you["card_votes"] == [card], "the own vote")
    for client, home in zip(people[:3], homes[:3]):
        cards = lambda client=client, home=home: client.state("room", home)["cards"]  # noqa: E731
        if home == homes[0]:
            await client.until(cards, "the card of the own room (O8)")
        else:
            expect(not cards(), "a card is seen in another room (O6)")
    await step(organiser, "tell", text="Two minutes")
    await people[3].until(lambda: people[3].state("event")["breakout"]["told"], "words to all rooms")
    await step(organiser, "bring_back")
    await refused("wrong_state", step(organiser, "bring_back"))
    await people[0].until(lambda: people[0].state("event")["breakout"]["phase"] == "closing", "closing, as all see it (O5)")
    for client in people[:3]:
        await client.until(lambda client=client: client.you["room"] == room, "back where everybody is (O5)", 35)
    await refused("wrong_state", people[0].command("enter", room=homes[0]))
    # What it wrote is read at the plenary (O12).
    round_id = rounds()[-1]["round"]
    shown = lambda client: client.state("room", room)["cards_shown"]  # noqa: E731
    await people[0].until(lambda: people[0].state("room", room), "the plenary room")
    await refused("not_allowed", step(people[0], "show_cards", round=round_id, room=homes[0]))
    await step(organiser, "show_cards", round=round_id, room=other)
    await people[0].until(lambda: shown(people[0]), "the cards of a room")
    listed = [(one["room"], one["cards"]) for one in shown(people[0])["rooms"]]
    expect(sorted(listed) == sorted([(homes[0], 1), (other, 0)]) and shown(people[0])["cards"] == [], f"{shown(people[0])}")
    await people[0].send({"kind": "cards", "room": homes[0]})
    await people[0].until(lambda: people[0].cards, "the cards that were asked for")
    expect([(one["text"], one["votes"]) for one in people[0].cards["cards"]] == [("Roll back first", 1)], f"{people[0].cards}")
    await step(people[0], "erase_card", card=card, secret=own)
    await people[0].until(lambda: [one["room"] for one in shown(people[0])["rooms"]] == [other], "the erased card is gone")
    await step(organiser, "show_cards", round=round_id)
    await people[0].until(lambda: shown(people[0]) is None, "nothing is shown any more")


@check("O11", "who chooses a room is told how many places are left in each")
async def places_are_told(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        organiser = await cast.holder("organiser", room)
        people = [await cast.guest(room) for _ in range(2)]
        plan = {"from": room, "rooms": [{"title": "Testing"}, {"title": "Deploying"}], "mode": "self_select", "capacity": 1,
                "minutes": 5, "latecomers": "placed"}
        await step(organiser, "prepare", plan=plan)
        await organiser.until(lambda: organiser.state("breakouts")["rounds"], "the draft")
        await step(organiser, "send", round=organiser.state("breakouts")["rounds"][0]["round"])
        left = lambda: people[1].state("event")["breakout"]  # noqa: E731
        await people[1].until(lambda: left() and left()["free"] == [1, 1], "all places")
        first = left()["rooms"][0]["room"]
        await people[0].command("enter", room=first)
        await people[1].until(lambda: left()["free"] == [0, 1], "one place less")
        await refused("room_full", people[1].command("enter", room=first))
        await people[0].command("leave")
        await people[1].until(lambda: left()["free"] == [1, 1], "the place is free again")


@check("O9", "kill -9 in the middle of a round: everybody is back in their own room with what it wrote, and is brought back later")
async def killed_in_a_round(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        organiser = await cast.holder("organiser", room)
        people = [await cast.guest(room) for _ in range(4)]
        plan = {"from": room, "rooms": [{"title": "Testing"}, {"title": "Deploying"}], "mode": "random", "capacity": 2,
                "minutes": 5, "latecomers": "placed"}
        await step(organiser, "prepare", plan=plan)
        rounds = lambda: organiser.state("breakouts")["rounds"]  # noqa: E731
        await organiser.until(rounds, "the draft")
        await step(organiser, "deal", round=rounds()[0]["round"])
        await step(organiser, "send", round=rounds()[0]["round"])
        for client in people:
            await client.until(lambda client=client: client.you["place"] == "on_air", "the own room", NOTICE_S)
        homes = [client.you["room"] for client in people]
        expect(sorted(map(homes.count, homes)) == [2, 2, 2, 2], f"{homes}")
        await step(people[0], "add_card", text="Roll back first", secret=secret())
        await people[0].until(lambda: people[0].state("room", homes[0])["cards"], "the card")
        await step(people[0], "vote_card", card=people[0].state("room", homes[0])["cards"][0]["card"], up=True)
        await step(people[0], "call_help", on=True)
        await step(organiser, "tell", text="Three points, please")
        await people[0].until(lambda: people[0].you["card_votes"] and people[0].state("room", homes[0])["help"], "all of it")
        board, ends = people[0].state("room", homes[0])["cards"], people[0].state("event")["breakout"]["until_unix_ms"]
        fair.kill()
        await fair.start()
        for client, home in zip(people, homes):
            await client.until(lambda client=client, home=home: client.joins == 2 and client.you["room"] == home, "back in the own room", 15)
            expect(client.welcome["resumed"] is True, "not resumed")
            await client.until(lambda client=client: client.you["place"] == "on_air", "on air in the own room")
        expect(people[0].state("room", homes[0])["cards"] == board, "the card or its vote is lost")
        expect(people[0].state("room", homes[0])["help"] == "called", "the call for help is lost")
        expect(people[0].you["card_votes"] == [board[0]["card"]], "the own vote is lost")
        await organiser.until(lambda: organiser.joins == 2, "the organiser")
        left = lambda: people[0].state("event")["breakout"]  # noqa: E731
        expect(left()["phase"] == "open" and abs(left()["until_unix_ms"] - ends) < 1_000, f"{left()}, was to end at {ends}")
        expect(left()["told"]["text"] == "Three points, please", "what all rooms were told is lost")
        await step(organiser, "bring_back")
        for client in people:
            await client.until(lambda client=client: client.you["room"] == room, "back where everybody is (O5)", 35)
