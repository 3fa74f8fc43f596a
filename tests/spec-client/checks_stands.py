# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Stands (section J): opened by anybody, read quietly, changed by keepers, reused, left messages at, hidden and removed."""

from cast import check, expect, refused, secret


def step(client, kind, **fields):
    """Something at a stand."""
    return client.command("stand", step={"kind": kind, **fields})


async def opened(keeper, name):
    """A stand of that keeper, once it is in the list."""
    own = secret()
    content = {"name": name, "line": "One line", "language": "en", "card": {"problem": "Queues"}}
    await step(keeper, "open", content=content, secret=own)
    stands = lambda: [one for one in keeper.state("event")["stands"] if one["name"] == name]  # noqa: E731
    await keeper.until(stands, "the stand (J1)")
    return stands()[0], own, content


@check("J4", "keepers change their stand, nobody else, and nobody over what they have not seen; looking is quiet")
async def changed(cast):
    room = cast.fair.room()
    keeper, visitor = await cast.guest(room), await cast.guest(room)
    stand, own, content = await opened(keeper, "Desk")
    await keeper.until(lambda: keeper.you["keeps"] == [{"stand": stand["stand"], "messages": 0}], "what one keeps (J3)")
    other = {**content, "line": "Another line"}
    await refused("not_allowed", step(visitor, "edit", stand=stand["stand"], revision=0, content=other))
    await refused("text", step(keeper, "edit", stand=stand["stand"], revision=0,
                               content={**content, "links": [{"title": "x", "url": "http://example.org"}]}))
    await step(keeper, "edit", stand=stand["stand"], revision=0, content=other)
    await refused("wrong_state", step(keeper, "edit", stand=stand["stand"], revision=0, content=content))
    line = lambda: next(one for one in visitor.state("event")["stands"] if one["stand"] == stand["stand"])["line"]  # noqa: E731
    await visitor.until(lambda: line() == "Another line", "the new words")
    await refused("not_allowed", step(visitor, "keep", stand=stand["stand"], secret=secret()))
    await step(visitor, "keep", stand=stand["stand"], secret=own)
    await step(keeper, "remove", stand=stand["stand"])


@check("J9", "each participant counts once, moderators hide and show, and the room is closed to visitors with the stand")
async def reused(cast):
    room = cast.fair.room()
    keeper, visitor = await cast.guest(room), await cast.guest(room)
    moderator = await cast.holder("moderator", room)
    stand, _, _ = await opened(keeper, "Archive")
    one = stand["stand"]
    for organisation in ("Town", "Town", "Region"):
        await step(visitor, "reuse", stand=one, on=True, organisation=organisation)
    seen = lambda client: next(it for it in client.state("event")["stands"] if it["stand"] == one)  # noqa: E731
    await keeper.until(lambda: seen(keeper)["reuse"] == 1, "one person")
    await visitor.until(lambda: visitor.you["reuses"] == [one], "one's own")
    await refused("not_allowed", step(keeper, "set", stand=one, state="hidden"))
    await step(moderator, "set", stand=one, state="hidden")
    await visitor.until(lambda: seen(visitor)["name"] == "", "no words of a hidden one (J7)")
    await refused("unknown_item", step(visitor, "leave", stand=one, text="Hello", anonymous=True, secret=secret()))
    await refused("unknown_room", visitor.command("enter", room=stand["room"]))
    await step(moderator, "set", stand=one, state="closed")
    await refused("closed", visitor.command("enter", room=stand["room"]))
    await step(visitor, "leave", stand=one, text="Hello", anonymous=True, secret=secret())
    await keeper.until(lambda: keeper.you["keeps"][0]["messages"] == 1, "that a message lies there (J8)")
    await step(moderator, "remove", stand=one)
    await visitor.until(lambda: all(it["stand"] != one for it in visitor.state("event")["stands"]), "stand_gone (J7)")
