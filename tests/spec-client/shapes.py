# SPDX-FileCopyrightText: The Fiera authors
# SPDX-License-Identifier: AGPL-3.0-or-later

"""Says whether a message of the server looks as golden/ and SPEC.md describe it.

A client that people use ignores what it does not know (F3). This one is a test: what the page does not describe is a
violation. Records (objects with a given set of fields) and the types of their fields are learned from the golden
examples; what no example shows stands in the tables below with the rule that says so.
"""

import json
import re
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[2] / "signaling" / "protocol" / "golden"

OPTIONAL = {
    "id", "after_ms",  # C3: refusals without `id`; L1: those that name no time
    "due_day", "answer", "labels", "assigned", "merged", "edited", "archived", "from_chat",  # Q: nothing to say
    "reply_to",  # K
    "questions_closed", "links_off",  # U4
    "tags", "links", "hours", "card", "problem", "context", "method", "tool", "results", "contact", "licence",  # J2
    "track", "notes", "changed_unix_ms", "cancelled", "idea", "poll",  # PR1: a slot has nothing to say of it
    "note", "slot", "text", "ideas", "thanks",  # PR10, PR20, PR14
    "away",  # W6: only of who is not back yet
    "stands", "title",  # J3: none opened with these secrets; ST5: no line under the name
}
NULLABLE = {
    "shows", "poll", "organiser", "peak_unix_ms", "topic", "quality", "merged_into",  # M2, V1, S9, N10, W1, N15, Q13
    "entries", "asked", "right", "ends_unix_ms", "nps", "option",  # V12, V13, V10, V13
    "time_zone", "timer",  # PR, ST3
    "breakout", "help", "told", "until_unix_ms", "goes_at_unix_ms", "rehearsal", "cards_shown",  # O
}
MAPS = {"titles", "track", "notes"}  # language to text, as an agenda's `title`

# Sets of words that the page names, by field.
WORDS = {
    "role": {"attendee", "speaker", "moderator", "organiser"},
    "place": {"audience", "backstage", "on_air"},
    "room_kind": {"lobby", "stage", "stand", "breakout"},
    "source": {"mic", "camera", "screen", "screen_audio"},
    "sources": {"mic", "camera", "screen", "screen_audio"},
    "takes": {"voice", "camera", "screen", "screen_audio"},
    "direction": {"up", "down"},
    "phase": {"draft", "open", "live", "ended", "closed", "revealed", "announced", "closing"},
    "mode": {"self_select", "random", "assigned"},
    "latecomers": {"placed", "choose"},
    "help": {"called", "coming"},
    "language": {"it", "en"},
    "stands_open_to": {"nobody", "invited", "anyone"},
    "stage": {"pending", "published", "next", "now", "answered", "follow_up", "dismissed", "raised", "accepted", "proposed", "planned", "refused", "done"},
}
UUID = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
NAME = re.compile(r"^[a-z0-9-]{1,64}$")


def golden(name):
    """The examples of one wire type, by variant."""
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def parse(text):
    """JSON as the server may write it: no field twice, no fractions (F5)."""
    def no_twins(pairs):
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a field is given twice")
        return found

    def fraction(number):
        raise ValueError(f"{number} is not an integer (F5)")
    return json.loads(text, object_pairs_hook=no_twins, parse_float=fraction, parse_constant=fraction)


def key(record):
    """What tells records apart: kind and fields that they always have, but for `of`: `you` looks the same in both places."""
    return record.get("kind"), *sorted(set(record) - {"of"} - OPTIONAL)


class Shapes:
    """Every record that the golden examples show, and the check of a message against them."""

    def __init__(self):
        self.messages = golden("server_message")
        self.changes = golden("change")
        self.states = golden("stream_state")
        self.streams = golden("stream_id")
        self.codes = set(golden("refusal_code"))
        self.records, self.known = {}, {}
        # Fields whose record is one of several kinds, each with an example of its own.
        self.kinds = {"form": golden("poll_form"), "answer": golden("answer"), "outcome": golden("outcome")}
        for family in (self.messages, self.changes, self.states, *self.kinds.values()):
            self.learn(family.values())

    def learn(self, values):
        """Remembers the fields of every record within `values`."""
        for value in values:
            if isinstance(value, dict):
                fields = self.records.setdefault(key(value), {})
                for name, item in value.items():
                    fields.setdefault(name, []).append(item)
                self.learn(value.values())
            elif isinstance(value, list):
                self.learn(value)

    def check(self, message):
        """A list of what is wrong with one message of the server, empty if nothing is."""
        wrong = []
        kind = message.get("kind")
        if kind not in self.messages:
            return [f"kind {kind!r} is not described"]
        self.compare(message, self.messages[kind], kind, wrong, skip=("stream", "state", "change"))
        if kind in ("snapshot", "update"):
            stream = message["stream"]
            if sorted(self.streams.get(stream.get("of"), ())) != sorted(stream):
                wrong.append(f"stream {stream} is not described")
        if kind == "snapshot":
            state = message["state"]
            if any(message["stream"][name] != state.get(name) for name in message["stream"]):
                wrong.append(f"snapshot of {message['stream']} holds a state of {state.get('of')!r}")
            elif state["of"] in self.states:
                self.compare(state, self.states[state["of"]], f"state {state['of']}", wrong)
        if kind == "update":
            change = message["change"]
            if change.get("kind") in self.changes:
                self.compare(change, self.changes[change["kind"]], f"change {change['kind']}", wrong)
            else:
                wrong.append(f"change {change.get('kind')!r} is not described")
        if kind == "refused" and message["code"] not in self.codes:
            wrong.append(f"refusal code {message['code']!r} is not described")
        return wrong

    def compare(self, value, example, where, wrong, skip=()):
        """Compares a record with an example: the same fields, each of a type that some example of the record has."""
        fields = self.facts(example)
        if value.keys() != example.keys():
            missing = set(example) - set(value) - OPTIONAL
            extra = set(value) - set(example) - (OPTIONAL & set(fields))
            if missing or extra:
                wrong.append(f"{where}: missing {sorted(missing)}, not described {sorted(extra)}")
        for name, item in value.items():
            if name not in skip and name in fields:
                self.compare_item(fields[name], item, where, wrong)

    def facts(self, example):
        """What the examples of a record say of each of its fields."""
        known = self.known.get(key(example))
        if known is None:
            known = {name: Field(name, items, self.everywhere(name)) for name, items in self.records[key(example)].items()}
            self.known[key(example)] = known
        return known

    def everywhere(self, name):
        """Examples of a field in any record."""
        return [item for fields in self.records.values() for item in fields.get(name, []) if item is not None]

    def compare_item(self, field, value, where, wrong, within=False):
        """Compares one value with what is known of its field; `within` a list with what is known of its items."""
        fault = field.fault(value, within)
        if fault:
            wrong.append(f"{where}.{field.name} {fault}")
        elif isinstance(value, dict) and not field.is_map(value):
            example = self.kinds.get(field.name, {}).get(value.get("kind"), field.record_like(value))
            self.compare(value, example, f"{where}.{field.name}", wrong)
        elif isinstance(value, list):
            for entry in value:
                self.compare_item(field, entry, where, wrong, within=True)


class Field:
    """One field of a record: its types, whether it may be null, its words."""

    def __init__(self, name, examples, elsewhere):
        self.name = name
        self.nullable = None in examples or name in NULLABLE
        told = [item for item in examples if item is not None] or elsewhere
        items = [entry for item in told if isinstance(item, list) for entry in item]
        self.types, self.item_types = {type(item) for item in told}, {type(item) for item in items}
        self.records = [item for item in told + items if isinstance(item, dict)]
        self.words = WORDS.get(name)
        if self.words and not self.words & set(map(str, told)):
            self.words = None  # ST4: `direction` is an id there
        self.is_uuid = any(isinstance(item, str) and UUID.match(item) for item in told + items)
        self.is_name = name in ("event", "room")
        self.highest = 2**53 if name == "n" or name.endswith("unix_ms") else 2**32

    def record_like(self, value):
        """The example that has most in common with a record: a field may name different ones in different places."""
        return max(self.records, key=lambda one: len(one.keys() & value.keys()), default=None)

    def is_map(self, value):
        """Whether an object is a map of texts by language rather than a record."""
        return self.name in MAPS or (self.name == "title" and isinstance(value, dict))

    def fault(self, value, within):
        """What is wrong with a value, None if nothing is."""
        if value is None:
            return None if self.nullable and not within else "is null and no example or rule says so"
        if type(value) not in (self.item_types if within else self.types):
            return f"is {value!r}, examples are of {self.types}"
        if isinstance(value, str):
            if self.words and value not in self.words:
                return f"= {value!r} is not described"
            if self.is_uuid and not UUID.match(value):
                return f"= {value!r} is no UUID (I3)"
            if self.is_name and not NAME.match(value):
                return f"= {value!r} is no id (I1)"
        elif self.name == "nps":  # V10
            return None if -100 <= value <= 100 else f"= {value} is out of bounds"
        elif isinstance(value, int) and not isinstance(value, bool) and not 0 <= value < self.highest:
            return f"= {value} is out of range (F5)"
        elif isinstance(value, dict) and self.is_map(value) and not all(isinstance(text, str) for text in value.values()):
            return "is not a map of texts"
        return None
