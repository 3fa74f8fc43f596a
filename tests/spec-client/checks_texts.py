# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Texts, questions and chat (sections T, Q, K)."""

import asyncio
import json
import uuid

from cast import Refused, check, expect, refused, secret


def questions(client, room, stream="room"):
    """Questions of a stream by their text."""
    return {question["text"]: question for question in client.state(stream, room)["questions"]}


async def ask(client, text, **fields):
    """Asks; gives the secret of the question."""
    own = secret()
    await client.command("ask", text=text, **{"anonymous": False, "secret": own, **fields})
    return own


async def chat(client, text, backstage=False):
    """Writes to the chat; gives the secret of the message."""
    own = secret()
    await client.command("chat", text=text, backstage=backstage, secret=own)
    return own


async def text_is(client, room, text, stream="room"):
    """Waits for a question of that text."""
    return await client.until(lambda: questions(client, room, stream).get(text), f"the question {text!r}")


def lines(client, room, stream="room"):
    """Texts of the chat."""
    return [message["text"] for message in client.state(stream, room)["chat"]]


@check("T1", "texts are trimmed and counted as people count; what cannot be is refused as text with its id")
async def possible_texts(cast):
    room = cast.fair.room()
    client = await cast.guest(room)
    for bad in ("", "   ", "x" * 301, "e\u0301" * 301, "a\u200bb", "a\u202eb", "a\u0007b", "a\nb", "a" + "\u0301" * 16):
        refusal = await refused("text", ask(client, bad))
        expect(refusal.id is not None, "without id")
    for good in ("x" * 300, "e\u0301" * 300, "  trimmed  ", "\U0001f469\u200d\U0001f52c \u2764\ufe0f"):
        await ask(client, good)
        await text_is(client, room, good.strip())
    await chat(client, "two\nlines")
    await chat(client, "y" * 500)
    await refused("text", chat(client, "y" * 501))
    await client.until(lambda: lines(client, room) == ["two\nlines", "y" * 500], "both messages")


@check("T1", "a megabyte of combining marks hurts nobody: the message ends its own connection")
async def megabyte_of_marks(cast):
    room = cast.fair.lounge()
    other = await cast.guest(room)
    raw = await cast.raw()
    await raw.send({"kind": "hello", "version": 1, "event": "work", "token": await cast.fair.token("attendee")})
    await raw.next("resume")
    text = "a" + "\u0301" * 7_000
    command = {"kind": "ask", "text": text, "anonymous": False, "secret": secret()}
    message = {"kind": "command", "id": str(uuid.uuid4()), "command": {"kind": "enter", "room": room}}
    await raw.send(message)
    await raw.next("accepted")
    await raw.send(json.dumps({**message, "id": str(uuid.uuid4()), "command": command}, ensure_ascii=False))
    answer = await raw.next("refused")
    expect(answer["code"] == "text" and "id" in answer, f"{answer['code']}")
    command["text"] = "a" + "\u0301" * 500_000
    try:
        await raw.send(json.dumps({**message, "id": str(uuid.uuid4()), "command": command}, ensure_ascii=False))
        await raw.answers()
    except ConnectionError:
        pass
    await other.command("leave")


@check("T2", "markup is only text")
async def markup(cast):
    room = cast.fair.room()
    client = await cast.guest(room)
    text = "<script>alert(1)</script> & \"quotes\" \\ %s {{x}} '; DROP TABLE"
    await ask(client, text)
    question = await text_is(client, room, text)
    expect(question["at_unix_ms"] % 60_000 == 0, f"T4 not rounded to the minute: {question['at_unix_ms']}")


@check("Q1", "questions are published at once or wait for a moderator; anonymous ones have no name for anybody")
async def asking(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room, name="Lia"), await cast.holder("moderator", room)
    await ask(guest, "By name?")
    expect((await text_is(moderator, room, "By name?"))["by"] == "Lia", "no name")
    await ask(guest, "By nobody?", anonymous=True)
    expect((await text_is(moderator, room, "By nobody?"))["by"] is None, "a name")
    settings = {"moderated": True, "chat_open": True, "slow_mode_s": 0}
    await moderator.command("set_room", settings=settings)
    await guest.until(lambda: guest.state("room", room)["settings"] == settings, "the settings")
    await ask(guest, "Waits?")
    waiting = await text_is(moderator, room, "Waits?", "moderators")
    expect(waiting["stage"] == "pending" and "Waits?" not in questions(guest, room), f"{waiting}")
    await moderator.command("set_question", question=waiting["question"], **{"from": "pending"}, to="published")
    await text_is(guest, room, "Waits?")
    await moderator.until(lambda: "Waits?" not in questions(moderator, room, "moderators"), "gone from the waiting ones")
    outside = await cast.guest()
    await refused("not_in_room", ask(outside, "Where am I?"))
    for at in range(3):
        await ask(guest, f"More {at}?")
    await refused("too_fast", ask(guest, "The seventh?"))


@check("Q3", "an upvote counts once per participant and tab, can be taken back, and is one's own to see")
async def upvotes(cast):
    room = cast.fair.room()
    guest = await cast.guest(room)
    _, cookie = await cast.cookie()
    tabs = [await cast.join(cookie=cookie) for _ in range(2)]
    await tabs[0].command("enter", room=room)
    await ask(guest, "Votes?")
    question = (await text_is(guest, room, "Votes?"))["question"]
    for client in (*tabs, tabs[0], guest):
        await client.command("upvote", question=question, up=True)
    await guest.until(lambda: questions(guest, room)["Votes?"]["upvotes"] == 2, "two upvotes")
    await tabs[1].until(lambda: tabs[1].you["upvoted"] == [question], "one's own in the other tab")
    await tabs[1].command("upvote", question=question, up=False)
    await guest.until(lambda: questions(guest, room)["Votes?"]["upvotes"] == 1, "one upvote")
    await refused("unknown_item", guest.command("upvote", question=str(uuid.uuid4()), up=True))
    moderator = await cast.holder("moderator", room)
    await moderator.command("set_question", question=question, **{"from": "published"}, to="answered")
    await refused("wrong_state", guest.command("upvote", question=question, up=False))


@check("Q4", "moderators move questions from where they saw them; the table of moves holds; one is `now`")
async def moving(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    await ask(guest, "First?")
    await ask(guest, "Second?")
    first, second = [(await text_is(moderator, room, text))["question"] for text in ("First?", "Second?")]

    async def move(question, source, to, **note):
        await moderator.command("set_question", question=question, **{"from": source}, to=to, **note)
    await refused("not_allowed", guest.command("set_question", question=first, **{"from": "published"}, to="now"))
    await refused("wrong_state", move(first, "next", "now"))
    await refused("wrong_state", move(first, "published", "pending"))
    await refused("text", move(first, "published", "dismissed"))
    await refused("text", move(first, "published", "next", note="Not here"))
    await move(first, "published", "now")
    await move(second, "published", "now")
    await guest.until(lambda: [q["stage"] for q in guest.state("room", room)["questions"]] == ["answered", "now"], "Q5")
    await moderator.command("undo_question", question=second)
    await guest.until(lambda: [q["stage"] for q in guest.state("room", room)["questions"]] == ["now", "published"], "Q7")
    await refused("wrong_state", moderator.command("undo_question", question=second))
    await move(second, "published", "dismissed", note="Off topic")
    shown = await text_is(moderator, room, "Second?", "moderators")
    expect((shown["stage"], shown["note"]) == ("dismissed", "Off topic"), f"{shown}")
    await guest.until(lambda: "Second?" not in questions(guest, room), "gone for the audience")
    await refused("unknown_item", guest.command("upvote", question=second, up=True))
    await refused("unknown_item", move(str(uuid.uuid4()), "published", "now"))


@check("Q8", "the secret of a question withdraws it, from anywhere; a moderator erases it")
async def withdrawing(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    own = await ask(guest, "Mine?")
    await ask(guest, "Theirs?")
    mine, theirs = [(await text_is(moderator, room, text))["question"] for text in ("Mine?", "Theirs?")]
    await refused("not_allowed", guest.command("withdraw_question", question=mine, secret=secret()))
    await refused("not_allowed", guest.command("erase_question", question=theirs))
    await guest.command("leave")
    await guest.command("withdraw_question", question=mine, secret=own)
    await moderator.command("erase_question", question=theirs)
    await moderator.until(lambda: not questions(moderator, room), "both gone")
    await refused("unknown_item", guest.command("withdraw_question", question=mine, secret=own))


@check("K1", "chat of the room and chat behind it; the last 100 are shown")
async def chatting(cast):
    room = cast.fair.room()
    guest, speaker = await cast.guest(room, name="Lia"), await cast.holder("speaker", room)
    await chat(guest, "Hello")
    await speaker.until(lambda: lines(speaker, room) == ["Hello"], "the message")
    shown = speaker.state("room", room)["chat"][0]
    expect((shown["by"], shown["participant"]) == ("Lia", guest.you["participant"]), f"{shown}")
    await refused("not_allowed", chat(guest, "Psst", backstage=True))
    await speaker.command("enter_backstage")
    await chat(speaker, "Psst", backstage=True)
    await speaker.until(lambda: lines(speaker, room, "backstage") == ["Psst"], "the message behind")
    expect(lines(guest, room) == ["Hello"], "heard in front")
    writers = await asyncio.gather(*(cast.guest(room) for _ in range(17)))
    for turn in range(6):
        await asyncio.gather(*(chat(writer, f"{at} {turn}") for at, writer in enumerate(writers)))
    await guest.until(lambda: len(lines(guest, room)) == 100 and lines(guest, room)[-1].endswith(" 5"), "100 messages")
    fresh = await cast.guest(room)
    await fresh.until(lambda: fresh.state("room", room)["chat"] == guest.state("room", room)["chat"], "the same 100")
    await refused("too_fast", chat(writers[0], "The seventh"))


@check("K3", "slow mode and a closed chat hold for attendees only")
async def slow_mode(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    await moderator.command("set_room", settings={"moderated": False, "chat_open": True, "slow_mode_s": 600})
    await chat(guest, "One")
    await refused("slow_mode", chat(guest, "Two"))
    for text in ("Three", "Four"):
        await chat(moderator, text)
    await moderator.command("set_room", settings={"moderated": False, "chat_open": False, "slow_mode_s": 0})
    await refused("slow_mode", chat(guest, "Five"))
    await chat(moderator, "Six")
    await guest.until(lambda: lines(guest, room) == ["One", "Three", "Four", "Six"], "four messages")
    for seconds in (601, 10_000):
        settings = {"moderated": False, "chat_open": True, "slow_mode_s": seconds}
        await refused("malformed", moderator.command("set_room", settings=settings))


@check("K4", "the secret of a message deletes it; moderators delete without; older ones do not come back")
async def deleting(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    own = await chat(guest, "Mine")
    await chat(guest, "Theirs")
    await guest.until(lambda: len(lines(guest, room)) == 2, "two messages")
    mine, theirs = [message["message"] for message in guest.state("room", room)["chat"]]
    await refused("not_allowed", guest.command("delete_message", message=mine, secret=secret()))
    await refused("not_allowed", guest.command("delete_message", message=theirs))
    await guest.command("delete_message", message=mine, secret=own)
    await moderator.command("delete_message", message=theirs)
    await guest.until(lambda: not lines(guest, room), "both gone")
    await refused("unknown_item", moderator.command("delete_message", message=theirs))


async def mine(client, *secrets):
    """What the server finds by these secrets (Q13)."""
    client.mine = None
    await client.send({"kind": "mine", "secrets": list(secrets)})
    return await client.until(lambda: client.mine, "the answer to mine")


@check("Q9", "the author gives a question other words until it is answered; in a moderated room it waits again")
async def editing(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    own = await ask(guest, "Why?")
    question = (await text_is(moderator, room, "Why?"))["question"]
    await refused("not_allowed", guest.command("edit_question", question=question, text="Mine?", secret=secret()))
    await refused("not_allowed", moderator.command("edit_question", question=question, text="Mine?"))
    await guest.command("edit_question", question=question, text="Why so?", secret=own)
    expect((await text_is(moderator, room, "Why so?")).get("edited") is True, "not marked")
    await moderator.command("set_room", settings={"moderated": True, "chat_open": True, "slow_mode_s": 0})
    await guest.command("edit_question", question=question, text="Else?", secret=own)
    waiting = await text_is(moderator, room, "Else?", "moderators")
    expect(waiting["stage"] == "pending", f"{waiting}")
    found = await mine(guest, own, secret())
    expect([(one["secret"], one["room"], one["question"]["stage"]) for one in found["questions"]] == [(own, room, "pending")],
           f"{found}")
    await guest.command("withdraw_question", question=question, secret=own)
    expect((await mine(guest, own))["questions"] == [], "Q13: still there")


@check("Q10", "merged questions count each person once; an undo gives back what was there; no cycles")
async def merging(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    ids = {}
    for text in ("A?", "B?", "C?"):
        await ask(guest, text)
        ids[text] = (await text_is(moderator, room, text))["question"]
    for client, text in ((guest, "A?"), (guest, "B?"), (moderator, "B?")):
        await client.command("upvote", question=ids[text], up=True)
    for wrong in ([], [ids["A?"]], [ids["B?"], ids["B?"]]):
        await refused("malformed", moderator.command("merge_questions", into=ids["A?"], questions=wrong))
    await refused("not_allowed", guest.command("merge_questions", into=ids["A?"], questions=[ids["B?"]]))
    await moderator.command("merge_questions", into=ids["A?"], questions=[ids["B?"]])
    await guest.until(lambda: set(questions(guest, room)) == {"A?", "C?"} and questions(guest, room)["A?"]["upvotes"] == 2,
                      "one question of two people")
    expect(questions(guest, room)["A?"].get("merged") == 1, "without its number of parts")
    await refused("wrong_state", moderator.command("merge_questions", into=ids["B?"], questions=[ids["A?"]]))
    await refused("unknown_item", guest.command("upvote", question=ids["B?"], up=True))
    await moderator.command("undo_question", question=ids["A?"])
    await guest.until(lambda: {text: one["upvotes"] for text, one in questions(guest, room).items()} == {"A?": 1, "B?": 2, "C?": 0},
                      "all three")


@check("Q14", "labels, written answers, promises with a date, the archive")
async def settling(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    await ask(guest, "When?")
    question = (await text_is(moderator, room, "When?"))["question"]
    await moderator.command("add_label", text="Costs")
    await refused("wrong_state", moderator.command("add_label", text="COSTS"))
    label = (await guest.until(lambda: guest.state("room", room)["labels"], "the label"))[0]["label"]
    await moderator.command("label_question", question=question, labels=[label])
    await guest.until(lambda: questions(guest, room)["When?"].get("labels") == [label], "the label on it")
    await refused("wrong_state", moderator.command("set_due", question=question, due_day=20_790))
    await moderator.command("set_question", question=question, **{"from": "published"}, to="follow_up", note="Ada")
    await moderator.command("set_due", question=question, due_day=20_790)
    await moderator.command("set_due", question=question, due_day=20_790, owner="Bo")
    await guest.until(lambda: questions(guest, room)["When?"]["note"] == "Bo", "another owner")
    await refused("not_allowed", guest.command("answer_question", question=question, **{"from": "follow_up"}, text="x"))
    await moderator.command("answer_question", question=question, **{"from": "follow_up"}, text="Now.\nReally.")
    done = await guest.until(lambda: (one := questions(guest, room)["When?"])["stage"] == "answered" and one, "the answer")
    expect((done["answer"], done["note"], done["due_day"]) == ("Now.\nReally.", "Bo", 20_790), f"{done}")
    guest.promises = None
    await guest.send({"kind": "follow_ups"})
    board = await guest.until(lambda: guest.promises, "the board")
    expect(any(one["room"] == room and one["question"]["question"] == question for one in board["questions"]), f"{board}")
    await moderator.command("archive_questions", questions=[question], archived=True)
    await guest.until(lambda: questions(guest, room) == {}, "put away")


@check("Q19", "closed questions are for staff")
async def closed_questions(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    settings = {"moderated": False, "chat_open": True, "slow_mode_s": 0, "questions_closed": True}
    await moderator.command("set_room", settings=settings)
    await refused("closed", ask(guest, "Why?"))
    await ask(moderator, "Why?")


@check("K5", "replies, other words, pins, links, and a message that becomes a question")
async def chat_changes(cast):
    room = cast.fair.room()
    guest, moderator = await cast.guest(room), await cast.holder("moderator", room)
    own = await chat(guest, "Hello")
    await guest.until(lambda: lines(guest, room) == ["Hello"], "the message")
    message = guest.state("room", room)["chat"][0]["message"]
    await moderator.command("chat", text="Hi", reply_to=message, secret=secret())
    await refused("unknown_item", guest.command("chat", text="Hi", reply_to=secret(), secret=secret()))
    await guest.command("edit_message", message=message, text="Hello there", secret=own)
    await refused("not_allowed", guest.command("edit_message", message=message, text="x", secret=secret()))
    await moderator.command("pin_message", message=message, pinned=True)
    await guest.until(lambda: [one["text"] for one in guest.state("room", room)["pinned"]] == ["Hello there"], "the pin")
    chat_now = guest.state("room", room)["chat"]
    expect([(one["text"], one.get("edited"), one.get("reply_to")) for one in chat_now] ==
           [("Hello there", True, None), ("Hi", None, message)], f"{chat_now}")
    await moderator.command("question_from_message", message=message)
    question = await text_is(guest, room, "Hello there")
    expect(question["by"] is None and question["from_chat"] is True, f"{question}")
    await refused("wrong_state", moderator.command("question_from_message", message=message))
    found = await mine(guest, own)
    expect((len(found["questions"]), len(found["messages"])) == (1, 1), f"{found}")
    settings = {"moderated": False, "chat_open": True, "slow_mode_s": 0, "links_off": True}
    await moderator.command("set_room", settings=settings)
    await refused("filtered", chat(guest, "see https://example.org"))
