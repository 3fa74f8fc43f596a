// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What organisers write: the example and the demo can be used, every mistake is a sentence with its line.

use super::Fair;
use crate::config::DEMO_FAIR;

fn mistake(text: &str) -> String {
    Fair::parse(text).unwrap_err().to_string()
}

#[test]
fn the_example_and_the_demo_can_be_used() {
    let example = Fair::parse(include_str!("../../fair.example.toml")).unwrap();
    assert!(example.rooms.len() >= 3 && example.agenda.len() >= 2);
    let prepared = &example.config(0).rooms[1].polls;
    assert_eq!(prepared.len(), 4);
    assert!(prepared.iter().all(|poll| poll.draft.check().is_ok()));
    let demo = Fair::parse(DEMO_FAIR).unwrap();
    let config = demo.config(1_700_000_000_000);
    let main = config.rooms.iter().find(|room| room.room.as_str() == "main").unwrap();
    assert!(main.whip_on_air_at_once && !main.settings.moderated && main.settings.chat_open);
    let both = |text: &fiera_protocol::fair::Localised| text.it.is_some() && text.en.is_some();
    assert!(both(&config.titles) && config.rooms.iter().all(|room| both(&room.titles)));
    assert!(config.agenda.iter().all(|slot| both(&slot.title)));
    let now = |slot: &&fiera_hub::PreparedSlot| (slot.starts_unix_ms..slot.ends_unix_ms).contains(&1_700_000_000_000);
    assert!(config.agenda.iter().any(|slot| now(&slot)), "something is always on");
}

#[test]
fn every_mistake_has_its_line_and_says_what_to_do() {
    let room = "\n[[room]]\nid = \"a\"\nkind = \"stage\"\ntitle = \"A\"\n";
    let head = "id = \"x\"\ntitle = \"X\"\n";
    let slot = |body: &str| format!("{head}{room}[[agenda]]\nroom = \"a\"\ntitle = \"T\"\n{body}");
    let cases = [
        ("title = \"X\"\n".to_owned(), "missing field `id`"),
        (format!("{head}colour = 1\n"), "line 3: unknown field `colour`"),
        ("id = \"No Slug\"\ntitle = \"X\"\n".to_owned(), "line 1: "),
        ("id = \"x\"\ntitle = \"\"\n".to_owned(), "line 2: the text is empty"),
        (
            "id = \"x\"\ntitle.de = \"X\"\n".to_owned(),
            "line 2: unknown field `de`",
        ),
        (format!("{head}{room}{room}"), "line 10: room a is there twice"),
        (
            format!("{head}{room}capacity = 0\n"),
            "line 8: a room has a capacity of 1 to",
        ),
        (format!("{head}{room}slow-mode-s = 9999\n"), "line 8: slow mode"),
        (
            format!("{head}{room}[[room.poll]]\nid = \"p\"\nquestion = \"?\"\noptions = [\"A\"]\n"),
            "line 9: A poll offers at least 2 answers",
        ),
        (
            format!(
                "{head}{room}{0}{0}",
                "[[room.poll]]\nid = \"p\"\nquestion = \"?\"\noptions = [\"A\", \"B\"]\n"
            ),
            "line 13: poll p is there twice",
        ),
        (
            format!("{head}[[room]]\nid = \"a\"\nkind = \"hall\"\ntitle = \"A\"\n"),
            "line 5: unknown variant `hall`",
        ),
        (
            slot("starts = \"+0:10\"\nends = \"+0:10\"\n"),
            "line 12: this ends before it starts",
        ),
        (
            slot("starts = \"+0:10\"\nends = \"2027-01-01T00:00:00Z\"\n"),
            "line 12: this ends before",
        ),
        (
            slot("starts = \"soon\"\nends = \"+0:10\"\n"),
            "line 11: \"soon\" is no time",
        ),
        (
            format!("{head}{room}[[agenda]]\nroom = \"b\"\ntitle = \"T\"\nstarts = \"+0:1\"\nends = \"+0:2\"\n"),
            "line 9: there is no room b",
        ),
        (
            format!(
                "{head}{room}{0}{0}",
                "[[agenda]]\nid = \"s\"\nroom = \"a\"\ntitle = \"T\"\nstarts = \"+0:1\"\nends = \"+0:2\"\n"
            ),
            "slot s is there twice",
        ),
        (
            slot("starts = \"+0:10\"\nends = \"+0:20\"\npoll = \"pulse\"\n"),
            "line 13: room a has no poll pulse",
        ),
        (
            format!("{head}time-zone = \"Rome; now\"\n"),
            "line 3: a time zone has a name",
        ),
        (format!("{head}{}", room.repeat(65)), "too many rooms"),
        (" ".repeat(super::FAIR_BYTES_MAX + 1), "at most"),
        ("id = \n".to_owned(), "line 1: "),
    ];
    for (text, said) in cases {
        let mistake = mistake(&text);
        assert!(mistake.contains(said), "{mistake:?} should say {said:?}");
    }
}

#[test]
fn a_text_in_one_language_is_in_the_default_language() {
    let fair = |language: &str| {
        let text = format!("id = \"x\"\ntitle = \"X\"\ndefault-language = \"{language}\"\n");
        Fair::parse(&text).unwrap().config(0)
    };
    assert_eq!(fair("it").titles.it.as_deref(), Some("X"));
    assert_eq!((fair("en").titles.it, fair("en").title.as_str()), (None, "X"));
}

#[test]
fn pr4_a_slot_without_a_name_keeps_the_one_that_room_and_title_give_it() {
    let slot = |extra: &str, starts: &str| {
        format!("[[agenda]]\n{extra}room = \"a\"\ntitle = \"T\"\nstarts = \"{starts}\"\nends = \"+9:00\"\n")
    };
    let names = |slots: &[String]| -> Vec<String> {
        let room = "[[room]]\nid = \"a\"\nkind = \"stage\"\ntitle = \"A\"\n";
        let text = format!("id = \"x\"\ntitle = \"X\"\n{room}{}", slots.concat());
        let agenda = Fair::parse(&text).unwrap().config(0).agenda;
        agenda.into_iter().map(|slot| slot.name).collect()
    };
    assert_eq!(names(&[slot("", "+0:10"), slot("", "+1:00")]), ["a/T", "a/T/2"]);
    assert_eq!(names(&[slot("", "+2:00")]), ["a/T"], "whatever its time");
    assert_eq!(names(&[slot("id = \"own\"\n", "+2:00")]), ["own"]);
}
