# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Polls of every form: prepared, answered, counted, moderated; quizzes (section V from V8)."""

from cast import check, expect, refused
from checks_restart import another_fair

OPTIONS = ["A", "B", "C"]
QUIZ = [
    {"question": "First?", "options": ["a", "b"], "right": 1, "seconds": 5},
    {"question": "Second?", "options": ["a", "b", "c"], "right": 0, "seconds": 60},
]


def shown(client, room):
    """The poll that everybody sees."""
    return client.state("room", room)["poll"]


def written(moderator, room):
    """Words, texts or nicknames as moderators see them, with their ids."""
    entries = moderator.state("moderators", room)["entries"]
    return {one["text"]: one for one in entries["entries"]} if entries else {}


async def opened(moderator, room, **draft):
    """Prepares a poll and opens it; gives its id."""
    before = len(moderator.state("moderators", room)["polls"])
    await moderator.command("prepare_poll", draft={"question": "What?", **draft})
    await moderator.until(lambda: len(moderator.state("moderators", room)["polls"]) == before + 1, "the draft")
    poll = moderator.state("moderators", room)["polls"][-1]["poll"]
    await moderator.command("set_poll", poll=poll, phase="open")
    return poll


async def revealed(moderator, client, room, poll):
    """Closes and reveals a poll; gives what is shown of it."""
    for phase in ("closed", "revealed"):
        await moderator.command("set_poll", poll=poll, phase=phase)
    await client.until(lambda: (shown(client, room) or {}).get("phase") == "revealed", "the results")
    return shown(client, room)


@check("V8", "each form takes its answers and no others, counted as the page says; a ballot is changed until it closes")
async def forms(cast):
    room = cast.fair.room()
    moderator = await cast.holder("moderator", room)
    guests = [await cast.guest(room) for _ in range(3)]
    cases = [
        ({"kind": "multiple", "min": 1, "max": 2}, OPTIONS, [("options", o) for o in ([0], [0, 2], [2])],
         [("options", [0, 1, 2]), ("options", []), ("options", [1, 1])]),
        ({"kind": "rating", "from": 0, "to": 10}, [], [("rating", n) for n in (10, 9, 5)], [("rating", 11)]),
        ({"kind": "ranking"}, OPTIONS, [("order", o) for o in ([0, 1, 2], [1, 0, 2], [1, 2, 0])], [("order", [0, 1])]),
        ({"kind": "words", "max": 2}, [], [("words", w) for w in (["Time", "TIME"], ["time"], ["tea"])], [("words", [])]),
    ]
    kinds = {"options": "options", "rating": "rating", "order": "ranking", "words": "words"}
    seen = []
    for form, options, answers, wrong in cases:
        poll = await opened(moderator, room, form=form, **({"options": options} if options else {}))

        async def answer(client, what, value, poll=poll):
            await client.command("answer", poll=poll, answer={"kind": kinds[what], what: value})
        for what, value in wrong:
            await refused({"malformed", "unknown_item"}, answer(guests[0], what, value))
        await refused("malformed", guests[0].command("vote", poll=poll, option=0))
        await answer(guests[0], *answers[2])
        for client, one in zip(guests, answers):
            await answer(client, *one)
        await guests[0].until(lambda: (guests[0].you["answer"] or {}).get("poll") == poll, "one's own answer")
        seen.append(await revealed(moderator, guests[1], room, poll))
        await refused("wrong_state", answer(guests[0], *answers[0]))
        await guests[0].until(lambda: guests[0].you["answer"] is None, "who answered what is forgotten")
    multiple, rating, ranking, words = seen
    expect((multiple["tally"], multiple["answers"]) == ([2, 0, 2], 3), f"V5 {multiple}")
    expect((rating["outcome"]["mean_hundredths"], rating["outcome"]["nps"]) == (800, 33), f"V10 {rating['outcome']}")
    expect([(r["option"], r["points"]) for r in ranking["outcome"]["ranks"]] == [(1, 5), (0, 3), (2, 1)], f"V10 {ranking}")
    counted = [(w["word"].lower(), w["count"]) for w in words["outcome"]["words"]]
    expect(counted == [("time", 2), ("tea", 1)], f"V11 {counted}")


@check("V9", "of fewer answers than a poll asks for, nothing but their number is shown")
async def few(cast):
    room = cast.fair.room()
    moderator, guest = await cast.holder("moderator", room), await cast.guest(room)
    poll = await opened(moderator, room, options=OPTIONS)
    await guest.command("vote", poll=poll, option=1)
    view = await revealed(moderator, guest, room, poll)
    expect((view["answers_min"], view["answers"], view["tally"]) == (3, 1, None), f"{view}")
    expect(view["outcome"] == {"kind": "withheld"}, f"{view}")


@check("V12", "texts are shown once a moderator publishes them, and erased for good")
async def texts(cast):
    room = cast.fair.room()
    moderator = await cast.holder("moderator", room)
    guests = [await cast.guest(room) for _ in range(3)]
    poll = await opened(moderator, room, form={"kind": "text"})
    for client, text in zip(guests, ("More time", "<b>tea</b>", "A name")):
        await client.command("answer", poll=poll, answer={"kind": "text", "text": text})
    expect(not written(moderator, room), "V12 texts before it is closed")
    view = await revealed(moderator, guests[0], room, poll)
    expect(view["outcome"]["texts"] == [], f"{view}")
    await moderator.until(lambda: len(written(moderator, room)) == 3, "the texts")
    known = written(moderator, room)
    await refused("not_allowed", guests[0].command("show_entry", poll=poll, entry=known["A name"]["entry"], shown=True))
    await moderator.command("show_entry", poll=poll, entry=known["<b>tea</b>"]["entry"], shown=True)
    await guests[0].until(lambda: [t["text"] for t in shown(guests[0], room)["outcome"]["texts"]] == ["<b>tea</b>"], "published")
    await moderator.command("erase_entry", poll=poll, entry=known["A name"]["entry"])
    await moderator.until(lambda: "A name" not in written(moderator, room), "erased")
    await refused("unknown_item", moderator.command("erase_entry", poll=poll, entry=known["A name"]["entry"]))


@check("V14", "prepared polls are put in order and copied")
async def prepared(cast):
    room = cast.fair.room()
    moderator = await cast.holder("moderator", room)

    def order():
        return [poll["question"] for poll in moderator.state("moderators", room)["polls"]]
    for question in ("One?", "Two?"):
        await moderator.command("prepare_poll", draft={"question": question, "form": {"kind": "rating", "from": 1, "to": 5}})
    await moderator.until(lambda: order() == ["One?", "Two?"], "two drafts")
    one, two = [poll["poll"] for poll in moderator.state("moderators", room)["polls"]]
    await moderator.command("place_poll", poll=two)
    await moderator.until(lambda: order() == ["Two?", "One?"], "the other first")
    await moderator.command("place_poll", poll=two, after=one)
    await moderator.command("clone_poll", poll=one)
    await moderator.until(lambda: order() == ["One?", "Two?", "One?"], "a copy at the end")
    await refused("malformed", moderator.command("prepare_poll", draft={"question": "?", "options": ["a"]}))
    await refused("too_many", moderator.command("prepare_poll", draft={"question": "?", "options": [str(n) for n in range(99)]}))


@check("V13", "a quiz: nicknames, points by the server's clock, kill -9 in the middle, a board and nothing else")
async def quiz(_cast):
    async with another_fair() as (fair, cast):
        room = fair.room()
        moderator = await cast.holder("moderator", room)
        players = [await cast.guest(room) for _ in range(2)]
        poll = await opened(moderator, room, form={"kind": "quiz"}, quiz=QUIZ)

        async def play(client, question, option):
            await client.command("answer", poll=poll, answer={"kind": "quiz", "question": question, "option": option})

        def asked(client):
            return shown(client, room)["quiz"]["asked"] or {}
        await refused("wrong_state", play(players[0], 0, 1))
        await players[0].command("join_quiz", poll=poll, nickname="Fox")
        await refused("name", players[1].command("join_quiz", poll=poll, nickname="FOX"))
        await players[1].command("join_quiz", poll=poll, nickname="Owl")
        await refused("wrong_state", moderator.command("ask_quiz", poll=poll, question=1))
        await moderator.command("ask_quiz", poll=poll, question=0)
        await play(players[0], 0, 1)
        await players[1].until(lambda: asked(players[1]), "the first question")
        one = asked(players[1])
        expect((one["number"], one["right"]) == (0, None) and one["ends_unix_ms"], f"{one}")
        await players[1].until(lambda: asked(players[1])["right"] == 1, "the time is over", 8)
        await refused("wrong_state", play(players[1], 0, 1))
        await players[0].until(lambda: (players[0].you["player"] or {}).get("points", 0) > 500, "the points")
        first = players[0].you["player"]["points"]
        await moderator.command("ask_quiz", poll=poll, question=1)
        await play(players[1], 1, 0)
        fair.kill()
        await fair.start()
        for client in cast.clients:
            await client.until(lambda: client.joins == 2 and client.you["room"] == room, "everybody back", 15)
        own = {"poll": poll, "nickname": "Owl", "option": 0, "points": 0}
        await players[1].until(lambda: players[1].you["player"] == own, "V13 one's own answer")
        await players[0].until(lambda: asked(players[0]).get("ends_unix_ms"), "its time runs again")
        await play(players[0], 1, 0)
        view = await revealed(moderator, players[0], room, poll)
        board = view["outcome"]["board"]
        expect([score["nickname"] for score in board] == ["Fox", "Owl"], f"{board}")
        expect(first < board[0]["points"] <= first + 1000 and 500 <= board[1]["points"] <= 1000, f"{first} {board}")
        expect(view["outcome"]["questions"][1]["tally"] == [2, 0, 0], f"{view}")
        await players[0].until(lambda: players[0].you["player"] is None, "who played is forgotten")
