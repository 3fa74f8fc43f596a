# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The programme, ideas and thanks (section PR). They belong to the event, which all checks share: each looks at its own."""

from cast import check, expect, refused, secret

HOUR_MS = 3_600_000
START_MS = 1_900_000_000_000


def step(client, about, kind, **fields):
    """Something about the programme, ideas or thanks."""
    return client.command(about, step={"kind": kind, **fields})


def draft(room, title, starts=START_MS):
    """A slot of an hour."""
    return {"room": room, "title": {"en": title}, "starts_unix_ms": starts, "ends_unix_ms": starts + HOUR_MS}


def named(client, where, title):
    """The slot or idea of that title; none: it is not shown."""
    of = lambda one: one["title"].get("en") if isinstance(one["title"], dict) else one["title"]  # noqa: E731
    return next((one for one in client.state("event")[where] if of(one) == title), None)


@check("PR3", "organisers change the programme live, by revision; everybody follows it")
async def the_programme(cast):
    room = cast.fair.lounge()
    organiser = await cast.holder("organiser", room)
    guest = await cast.guest(room)
    await refused("not_allowed", step(guest, "programme", "add", draft=draft(room, "PR3 talk")))
    await refused("text", step(organiser, "programme", "add", draft={**draft(room, "x"), "title": {}}))
    await refused("malformed", step(organiser, "programme", "add", draft={**draft(room, "x"), "ends_unix_ms": START_MS}))
    await refused("unknown_room", step(organiser, "programme", "add", draft=draft("nowhere", "x")))
    await step(organiser, "programme", "add", draft=draft(room, "PR3 talk"))
    await guest.until(lambda: named(guest, "agenda", "PR3 talk"), "the new slot")
    slot = named(guest, "agenda", "PR3 talk")
    moved = draft(room, "PR3 moved", START_MS + HOUR_MS)
    await step(organiser, "programme", "set", slot=slot["slot"], revision=0, draft=moved)
    await guest.until(lambda: named(guest, "agenda", "PR3 moved"), "the change")
    seen = named(guest, "agenda", "PR3 moved")
    expect(seen["slot"] == slot["slot"] and seen["revision"] == 1 and seen["changed_unix_ms"] % 60_000 == 0, f"{seen}")
    await refused("wrong_state", step(organiser, "programme", "set", slot=slot["slot"], revision=0, draft=moved))
    await step(organiser, "programme", "cancel", slot=slot["slot"], revision=1, cancelled=True)
    await guest.until(lambda: named(guest, "agenda", "PR3 moved").get("cancelled"), "cancelled, and still there (PR2)")
    await step(organiser, "programme", "erase", slot=slot["slot"], revision=2)
    await guest.until(lambda: named(guest, "agenda", "PR3 moved") is None, "gone")


@check("PR12", "ideas are proposed, supported once each, answered in public and made a slot")
async def ideas(cast):
    room = cast.fair.lounge()
    organiser = await cast.holder("organiser", room)
    ada, bo = await cast.guest(room), await cast.guest(room)
    own = secret()
    words = {"title": "PR12 incidents", "notes": "What broke", "presents": True, "anonymous": False, "secret": own}
    await step(ada, "ideas", "propose", **words)
    await bo.until(lambda: named(bo, "ideas", "PR12 incidents"), "the idea")
    idea = named(bo, "ideas", "PR12 incidents")["idea"]
    for client in (ada, bo, bo):
        await step(client, "ideas", "vote", idea=idea, up=True)
    await bo.until(lambda: named(bo, "ideas", "PR12 incidents")["votes"] == 2, "two different supporters (PR11)")
    expect(bo.you["idea_votes"] == [idea], "one's own votes")
    await refused("not_allowed", step(bo, "ideas", "edit", idea=idea, title="x", presents=False, secret=secret()))
    await refused("not_allowed", step(bo, "ideas", "settle", idea=idea, **{"from": "proposed", "to": "done"}))
    await refused("text", step(organiser, "ideas", "settle", idea=idea, **{"from": "proposed", "to": "refused"}))
    await refused("wrong_state", step(organiser, "ideas", "settle", idea=idea, **{"from": "proposed", "to": "planned"}))
    await step(organiser, "programme", "add", draft=draft(room, "PR12 slot"), idea=idea)
    await bo.until(lambda: named(bo, "ideas", "PR12 incidents")["stage"] == "planned", "planned by its slot")
    slot = named(bo, "agenda", "PR12 slot")
    expect(slot["idea"] == idea and named(bo, "ideas", "PR12 incidents")["slot"] == slot["slot"], "each leads to the other")
    await refused("wrong_state", step(bo, "ideas", "vote", idea=idea, up=False))
    await step(organiser, "programme", "erase", slot=slot["slot"], revision=0)
    await bo.until(lambda: named(bo, "ideas", "PR12 incidents")["stage"] == "proposed", "proposed again")
    await step(ada, "ideas", "erase", idea=idea, secret=own)
    await bo.until(lambda: named(bo, "ideas", "PR12 incidents") is None, "withdrawn for good")


@check("PR21", "a thanks is seen by who was thanked alone, until they show it")
async def thanks(cast):
    room = cast.fair.lounge()
    ada, grace, other = [await cast.guest(room) for _ in range(3)]
    own = secret()
    to = grace.you["participant"]
    await refused("not_allowed", step(ada, "thanks", "give", participant=ada.you["participant"], secret=secret()))
    await step(ada, "thanks", "give", participant=to, text="PR21 thanks", secret=own)
    await refused("wrong_state", step(ada, "thanks", "give", participant=to, secret=secret()))
    await grace.until(lambda: grace.you["thanks"], "the thanks")
    one = grace.you["thanks"][0]
    expect(one["text"] == "PR21 thanks" and not one["shown"], f"{one}")
    await refused("unknown_item", step(other, "thanks", "show", thanks=one["thanks"], secret=secret()))
    shown = lambda: [every for every in other.state("event")["thanks"] if every["thanks"] == one["thanks"]]  # noqa: E731
    expect(not shown(), "it is public before it is shown")
    await step(grace, "thanks", "show", thanks=one["thanks"], secret=secret())
    await other.until(shown, "what she shows")
    await step(grace, "thanks", "hide", thanks=one["thanks"])
    await other.until(lambda: not shown(), "hidden again")
    await step(ada, "thanks", "erase", thanks=one["thanks"], secret=own)
    await grace.until(lambda: not grace.you["thanks"], "taken back for good")
