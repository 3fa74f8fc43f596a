// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What is written is what RFC 5545 says, read by a reader of our own that knows nothing of the writer.

use fiera_hub::Language;
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::SlotId;
use fiera_protocol::programme::AgendaSlot;

use super::Source;

fn words(text: &str) -> Localised {
    Localised {
        it: None,
        en: Some(text.to_owned()),
    }
}

fn slot(title: &str, notes: &str) -> AgendaSlot {
    AgendaSlot {
        slot: SlotId::from_u128(0x7a1c_2e4f_0b3d_4c5e_9f60_7182_93a4_b5c6),
        room: "main".parse().expect("an id"),
        title: words(title),
        speakers: vec!["Ada, \"Countess\"".to_owned(), "Zoë; Ω".to_owned()],
        starts_unix_ms: 1_790_000_000_000,
        ends_unix_ms: 1_790_001_800_000,
        track: Some(words("A, B; C")),
        notes: Some(words(notes)),
        revision: 3,
        changed_unix_ms: Some(1_789_999_980_000),
        cancelled: false,
        idea: None,
        poll: None,
    }
}

fn calendar(slots: &[AgendaSlot]) -> String {
    let source = Source {
        event: &"fair".parse().expect("an id"),
        tag: "3f0e9c1a".to_owned(),
        title: "Fair; of, things",
        rooms: &[("main".parse().expect("an id"), words("Main stage, hall 2"))],
        slots,
        base: Some("https://fair.example".to_owned()),
        language: Language::En,
    };
    source.calendar(1_790_000_000_000)
}

/// Unfolds (3.1) and splits into name, with parameters, and value.
fn lines(text: &str) -> Vec<(String, String)> {
    assert!(
        text.ends_with("\r\n") && !text.replace("\r\n", "").contains(['\r', '\n']),
        "lines end in CRLF"
    );
    let unfolded = text.replace("\r\n ", "");
    let parts = |line: &str| {
        line.split_once(':')
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    unfolded
        .split_terminator("\r\n")
        .map(|line| parts(line).expect("a name and a value"))
        .collect()
}

fn value(text: &str, name: &str) -> Option<String> {
    lines(text)
        .into_iter()
        .find(|(of, _)| of == name)
        .map(|(_, value)| value)
}

/// A value of type TEXT as it was before it was escaped (3.3.11).
fn unescaped(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match (c, if c == '\\' { chars.next() } else { None }) {
            ('\\', Some('n' | 'N')) => out.push('\n'),
            ('\\', Some(c @ ('\\' | ';' | ','))) => out.push(c),
            ('\\', other) => panic!("no escape: {other:?}"),
            (';' | ',', _) => panic!("{c} must be escaped"),
            (c, _) => out.push(c),
        }
    }
    out
}

#[test]
fn pr5_what_people_wrote_comes_back_as_it_was_whatever_its_characters() {
    let notes = "First; line, with \\ and \"quotes\": 100 %\nBEGIN:VEVENT\nEND:VCALENDAR";
    let text = calendar(&[slot("Talk; about, \\n", notes)]);
    let of = |name| unescaped(&value(&text, name).unwrap_or_else(|| panic!("no {name} in {text}")));
    assert_eq!(of("SUMMARY"), "Talk; about, \\n");
    assert_eq!(of("DESCRIPTION"), format!("Ada, \"Countess\", Zoë; Ω\n\n{notes}"));
    assert_eq!(of("LOCATION"), "Main stage, hall 2");
    assert_eq!(of("CATEGORIES"), "A, B; C");
    assert_eq!(of("NAME;VALUE=TEXT"), "Fair; of, things");
    assert_eq!(text.matches("BEGIN:VEVENT\r\n").count(), 1, "a text opens no event");
}

#[test]
fn pr5_no_line_is_longer_than_75_octets_and_no_character_is_cut() {
    for text in ["è".repeat(600), "👩‍🔬 ".repeat(100), "a b".repeat(190), " x".repeat(299)] {
        let calendar = calendar(&[slot("Talk", &text)]);
        assert!(calendar.split("\r\n").all(|line| line.len() <= 75), "{calendar}");
        let about = unescaped(&value(&calendar, "DESCRIPTION").expect("it is there"));
        assert!(about.ends_with(&text), "{about}");
    }
}

#[test]
fn pr5_ids_versions_and_times_are_what_calendars_update_by() {
    let text = calendar(&[slot("Talk", "x")]);
    let of = |name| value(&text, name);
    assert_eq!(
        of("UID").as_deref(),
        Some("7a1c2e4f-0b3d-4c5e-9f60-718293a4b5c6@3f0e9c1a")
    );
    assert_eq!(of("SEQUENCE").as_deref(), Some("3"));
    assert_eq!(of("DTSTART").as_deref(), Some("20260921T141320Z"));
    assert_eq!(of("DTEND").as_deref(), Some("20260921T144320Z"));
    assert_eq!(of("LAST-MODIFIED").as_deref(), Some("20260921T141300Z"));
    assert_eq!(of("STATUS").as_deref(), Some("CONFIRMED"));
    assert_eq!(of("URL").as_deref(), Some("https://fair.example/e/fair?room=main"));
    let cancelled = calendar(&[AgendaSlot {
        cancelled: true,
        ..slot("Talk", "x")
    }]);
    assert_eq!(value(&cancelled, "STATUS").as_deref(), Some("CANCELLED"));
}

#[test]
fn pr5_a_calendar_is_one_object_with_what_is_required_once() {
    for slots in [vec![slot("One", "x")], vec![slot("One", "x"), slot("Two", "y")]] {
        let lines = lines(&calendar(&slots));
        let names: Vec<&str> = lines.iter().map(|(name, _)| name.as_str()).collect();
        let count = |of: &str| names.iter().filter(|name| **name == of).count();
        assert_eq!(
            (lines.first(), lines.last()),
            (
                Some(&("BEGIN".to_owned(), "VCALENDAR".to_owned())),
                Some(&("END".to_owned(), "VCALENDAR".to_owned())),
            )
        );
        // A method would be a message between calendars, with an organiser and a parameter of its media type (RFC 5546).
        assert_eq!((count("VERSION"), count("PRODID"), count("METHOD")), (1, 1, 0));
        for each in ["UID", "DTSTAMP", "DTSTART", "DTEND", "SEQUENCE", "SUMMARY"] {
            assert_eq!(count(each), slots.len(), "{each}");
        }
    }
}
