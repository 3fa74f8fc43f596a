# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""The streams of SPEC.md, section S, without any connection: snapshots and updates in, state and resync out."""

import copy
import time

SHOWN_MESSAGES = 100  # K1
PATIENCE_S = 2  # S3: how long an answer to `resync` may take
SHOWN_ANNOUNCEMENTS = 20  # N1
SHOWN_CAPTIONS = 100  # Z3, final lines of each language
SHOWN_THANKS = 50  # PR21


class Violation(Exception):
    """The server did what the page does not say."""


def name_of(stream):
    """A stream as a key: `("room", "main")`, `("you",)`."""
    return tuple(stream[part] for part in ("of", "room") if part in stream)


def id_of(name):
    """The key of a stream as it goes over the wire."""
    return dict(zip(("of", "room"), name))


def put(items, item, by, order=None):
    """Replaces the item of the same id, else adds it; sorted by `order` where there is one (S2)."""
    rest = [other for other in items if other[by] != item[by]]
    if order:
        return sorted([*rest, item], key=lambda other: other[order])
    known = [other[by] for other in items]
    return [item if other[by] == item[by] else other for other in items] if item[by] in known else [*items, item]


def last(field, source, shown):
    """A change that carries one item for the end of a list; above `shown` the first one drops out."""
    def apply(state, change):
        state[field] = [*state[field], change[source]][-shown:]
    return apply


def without(items, gone, by):
    """The list without the item of that id."""
    return [item for item in items if item[by] != gone]


def change_counts(state, change):
    """`counts` of the event: everybody, and people and liveness of each room."""
    rooms = {room["room"]: room for room in change["rooms"]}
    if set(rooms) - {room["room"] for room in state["rooms"]}:
        raise Violation(f"counts of unknown rooms: {sorted(rooms)}")
    state["people"] = change["people"]
    state["rooms"] = [{**room, **rooms.get(room["room"], {})} for room in state["rooms"]]


def change_stand_counts(state, change):
    """`stand_counts`: the numbers of each stand named (J)."""
    counts = {count["stand"]: count for count in change["counts"]}
    state["stands"] = [{**stand, **counts.get(stand["stand"], {})} for stand in state["stands"]]


def put_caption(state, change):
    """`caption`: a final line behind the last final one, another where it stood or at the end (Z3)."""
    line = change["line"]
    if not line["final"]:
        state["lines"] = put(state["lines"], line, "caption")
        return
    others = without(state["lines"], line["caption"], "caption")
    finals = [*(one for one in others if one["final"]), line]
    same = [one for one in finals if one["lang"] == line["lang"]]
    late = {one["caption"] for one in same[:-SHOWN_CAPTIONS]}
    shown = [one for one in finals if one["caption"] not in late]
    state["lines"] = [*shown, *(one for one in others if not one["final"])]


def change_upvotes(state, change):
    """`upvotes`: the whole number of each question named."""
    numbers = {item["question"]: item["upvotes"] for item in change["upvotes"]}
    state["questions"] = [{**question, "upvotes": numbers.get(question["question"], question["upvotes"])}
                          for question in state["questions"]]


def put_slot(state, change):
    """`slot`: it replaces the one of the same id, and stands where its times belong (S2, PR)."""
    slots = [*without(state["agenda"], change["slot"]["slot"], "slot"), change["slot"]]
    state["agenda"] = sorted(slots, key=lambda slot: (slot["starts_unix_ms"], slot["ends_unix_ms"], slot["slot"]))


def count_idea_votes(state, change):
    """`idea_votes`: the whole number of each idea named."""
    numbers = {one["idea"]: one["votes"] for one in change["votes"]}
    state["ideas"] = [{**idea, "votes": numbers.get(idea["idea"], idea["votes"])} for idea in state["ideas"]]


def show_thanks(state, change):
    """`thanks` goes to the end, also where it was there before; above 50 the first one drops out (PR21)."""
    known = without(state["thanks"], change["thanks"]["thanks"], "thanks")
    state["thanks"] = [*known, change["thanks"]][-SHOWN_THANKS:]


def whole(field, source=None):
    """A change that carries one field of the state as it is now."""
    def apply(state, change):
        state[field] = change[source or field]
    return apply


def item(field, source, by, order=None):
    """A change that carries one item of a list of the state, which replaces the one of the same id."""
    def apply(state, change):
        state[field] = put(state[field], change[source], by, order)
    return apply


def changed(field, by):
    """A change that carries other words of an item, which keeps its place."""
    def apply(state, change):
        state[field] = [change[by] if other[by] == change[by][by] else other for other in state[field]]
    return apply


def gone(field, by):
    """A change that names an item that is no more."""
    def apply(state, change):
        state[field] = without(state[field], change[by], by)
    return apply


def apply_you(state, change):
    """`you` carries the whole state."""
    state.clear()
    state.update(change["you"], of="you")


def order_polls(state, change):
    """All polls stand in the order of the change."""
    state["polls"] = sorted(state["polls"], key=lambda poll: change["polls"].index(poll["poll"]))


def put_entry(state, change):
    """A word, text or nickname of the poll that everybody sees; it replaces the one of the same id."""
    known = state["entries"]["entries"]
    state["entries"]["entries"] = [change["entry"] if one["entry"] == change["entry"]["entry"] else one for one in known]


def change_breakout_places(state, change):
    """Places left in the rooms of the round that runs."""
    if state["breakout"]:
        state["breakout"]["free"] = change["free"]


def passing(_state, _change):
    """What happened just now and leaves no trace in the state."""


QUESTION = {"question": item("questions", "question", "question", order="order"),
            "question_gone": gone("questions", "question")}
CHAT = {"message": last("chat", "message", SHOWN_MESSAGES), "message_gone": gone("chat", "message"),
        "message_changed": changed("chat", "message")}

# Which change of which stream does what to its state.
CHANGES = {
    "event": {
        "phase": whole("phase"), "counts": change_counts, "read_only": whole("read_only"),
        "announced": last("announcements", "announcement", SHOWN_ANNOUNCEMENTS),
        "announcement_gone": gone("announcements", "announcement"), "breakout": whole("breakout"),
        "breakout_places": change_breakout_places,
        "stand": item("stands", "stand", "stand", order="order"), "stand_gone": gone("stands", "stand"),
        "stand_counts": change_stand_counts,
        "slot": put_slot, "slot_gone": gone("agenda", "slot"), "idea": item("ideas", "idea", "idea", order="order"),
        "idea_gone": gone("ideas", "idea"), "idea_votes": count_idea_votes, "ideas_closed": whole("ideas_closed", "closed"),
        "thanks": show_thanks, "thanks_gone": gone("thanks", "thanks"),
    },
    "room": {
        "people": whole("people"), "on_air": whole("on_air"), "speaking": whole("speaking", "participants"),
        "settings": whole("settings"), "poll": whole("poll"), "hands": whole("hands"), "upvotes": change_upvotes,
        "reactions": passing, "labels": whole("labels"), "pinned": whole("pinned"), "help": whole("help"), "show": whole("show"),
        "card": item("cards", "card", "card", order="order"), "card_gone": gone("cards", "card"),
        "cards_shown": whole("cards_shown"), **QUESTION, **CHAT,
    },
    "backstage": {"waiting": whole("waiting"), "countdowns": whole("countdowns"), "timer": whole("timer"), **CHAT},
    "moderators": {
        "hand_queue": whole("hands"), "restricted_people": whole("restricted"),
        "room_poll_order": order_polls, "directions": whole("directions"), "entries": whole("entries"), "entry": put_entry,
        "room_poll": item("polls", "poll", "poll"), "room_poll_gone": gone("polls", "poll"), **QUESTION,
    },
    "captions": {"caption": put_caption, "caption_gone": gone("lines", "caption")},
    "organisers": {"numbers": whole("numbers"), "word_filter": whole("filter", "words"), "curve": item("curve", "point", "unix_min", order="unix_min")},
    "breakouts": {"round": item("rounds", "round", "round"), "round_gone": gone("rounds", "round"), "rehearsal": whole("rehearsal")},
    "you": {"you": apply_you},
}


class Stream:
    """One stream that is followed: the state after update `n` of `epoch`."""

    def __init__(self, snapshot):
        self.epoch, self.n = snapshot["epoch"], snapshot["n"]
        self.state = copy.deepcopy(snapshot["state"])
        self.asked_at = None

    def position(self):
        """What `resync` takes as `have`."""
        return {"epoch": self.epoch, "n": self.n}


class Streams:
    """Every stream that this client follows."""

    def __init__(self):
        self.known = {}
        self.asked = set()  # `resync` sent for a stream of which nothing is known
        self.snapshots = 0
        self.applied = 0

    def state(self, *name):
        """The state of a stream, None while it is not followed."""
        stream = self.known.get(name)
        return stream and stream.state

    def take(self, message):
        """Handles a snapshot or an update; gives the `resync` to send, if one is needed (S3)."""
        name = name_of(message["stream"])
        stream = self.known.get(name)
        if message["kind"] == "snapshot":
            self.known[name] = Stream(message)
            self.asked.discard(name)
            self.snapshots += 1
            return None
        if stream is None:
            if name in self.asked:
                return None
            self.asked.add(name)
            return {"kind": "resync", "stream": id_of(name)}
        if message["epoch"] == stream.epoch and message["n"] <= stream.n:
            return None
        if message["epoch"] != stream.epoch or message["n"] != stream.n + 1:
            if stream.asked_at is not None and time.monotonic() < stream.asked_at + PATIENCE_S:
                return None
            stream.asked_at = time.monotonic()
            return {"kind": "resync", "stream": id_of(name), "have": stream.position()}
        change = message["change"]
        apply = CHANGES[name[0]].get(change["kind"])
        if apply is None:
            raise Violation(f"S4 change {change['kind']!r} in stream {name}")
        apply(stream.state, change)
        stream.n += 1
        stream.asked_at = None
        self.applied += 1
        if name == ("you",):
            self.forget()
        return None

    def expected(self):
        """The streams that somebody in this role, room and place follows (S4)."""
        you = self.known[("you",)].state
        room, directs = you["room"], you["role"] in ("moderator", "organiser")
        names = {("event",), ("you",)}
        if room is not None:
            names.update({("room", room), ("captions", room)})
            if directs or you["place"] != "audience":
                names.add(("backstage", room))
            if directs:
                names.add(("moderators", room))
        if directs:
            names.add(("breakouts",))
        if you["role"] == "organiser":
            names.add(("organisers",))
        return names

    def forget(self):
        """Drops the streams that `you` says one follows no longer (S4)."""
        keep = self.expected()
        self.known = {name: stream for name, stream in self.known.items() if name in keep}
        self.asked &= keep
