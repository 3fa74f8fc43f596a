// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Live captions: who writes them, what followers have, what is kept of them.

mod support;

use fiera_hub::{ConnectionId, EventConfig, Input, Output, SaidLine};
use fiera_protocol::captions::CaptionLine;
use fiera_protocol::client::Command;
use fiera_protocol::ids::{CaptionId, Role};
use fiera_protocol::limits::{
    CAPTION_LANG_IDLE_MS, CAPTION_LANGS_MAX, CAPTION_SOURCE_IDLE_MS, CAPTION_SOURCES_MAX, CAPTION_WINDOW_MS,
    CAPTIONS_PER_WINDOW_MAX,
};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::view::{EventPhase, StreamId, StreamState};
use support::{Shell, config, person, room};

fn caption(lang: &str, text: &str, is_final: bool, sequence: u32) -> Command {
    Command::Caption {
        lang: lang.parse().expect("a language"),
        text: text.parse().expect("a line"),
        is_final,
        sequence,
    }
}

fn lines(shell: &Shell, conn: ConnectionId, hall: &str) -> Vec<CaptionLine> {
    match &shell.clients[&conn].streams[&StreamId::Captions { room: room(hall) }].1 {
        StreamState::Captions(view) => view.lines.clone(),
        other => panic!("no captions: {other:?}"),
    }
}

fn words(shell: &Shell, conn: ConnectionId, hall: &str) -> Vec<String> {
    let shown = |line: CaptionLine| format!("{}{} {}", line.lang, if line.is_final { "." } else { "~" }, line.text);
    lines(shell, conn, hall).into_iter().map(shown).collect()
}

fn keeping() -> Shell {
    let keeps_captions = true;
    Shell::with(
        EventConfig {
            keeps_captions,
            ..config()
        },
        7,
    )
}

fn posts(
    shell: &mut Shell,
    source: u128,
    role: Role,
    hall: &str,
    said: &[(&str, &str, bool, u32)],
) -> Option<RefusalCode> {
    let line = |(lang, text, is_final, sequence): &(&str, &str, bool, u32)| SaidLine {
        lang: lang.parse().expect("a language"),
        text: text.parse().expect("a line"),
        is_final: *is_final,
        sequence: *sequence,
    };
    shell.input(Input::Captioned {
        source: person(source),
        role,
        room: room(hall),
        lines: said.iter().map(line).collect(),
    });
    let answer = shell.log.iter().rev().find_map(|output| match output {
        Output::Captioned { refused } => Some(refused.map(|refusal| refusal.code)),
        _ => None,
    });
    answer.expect("one answer")
}

#[test]
fn z1_captions_go_to_everybody_in_the_room_and_to_no_other_room() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let here = shell.join(2, Role::Attendee, "hall-a");
    let there = shell.join(3, Role::Attendee, "hall-b");
    shell.ok(captioner, caption("it", "Benvenuti", true, 1));
    assert_eq!(words(&shell, here, "hall-a"), ["it. Benvenuti"]);
    assert_eq!(words(&shell, there, "hall-b"), [""; 0]);
    assert_eq!(
        shell.command(here, caption("it", "no", true, 1)),
        Err(RefusalCode::NotAllowed)
    );
    let late = shell.join(4, Role::Captioner, "hall-a");
    assert_eq!(words(&shell, late, "hall-a"), ["it. Benvenuti"]);
}

#[test]
fn z2_a_line_is_replaced_until_it_is_final_and_an_abandoned_one_stays_as_it_was() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let here = shell.join(2, Role::Attendee, "hall-a");
    shell.ok(captioner, caption("it", "Ben", false, 7));
    let first = lines(&shell, here, "hall-a")[0].caption;
    shell.ok(captioner, caption("it", "Benvenuti", false, 7));
    shell.ok(captioner, caption("it", "Benvenuti!", true, 7));
    assert_eq!(words(&shell, here, "hall-a"), ["it. Benvenuti!"]);
    assert_eq!(lines(&shell, here, "hall-a")[0].caption, first, "the same line");
    shell.ok(captioner, caption("it", "Benvenuti!", true, 7));
    assert_eq!(
        shell.command(captioner, caption("it", "other", true, 7)),
        Err(RefusalCode::WrongState)
    );
    assert_eq!(
        shell.command(captioner, caption("it", "old", true, 6)),
        Err(RefusalCode::WrongState)
    );
    shell.ok(captioner, caption("it", "Oggi", false, 8));
    shell.ok(captioner, caption("it", "Si parte", true, 9));
    assert_eq!(
        words(&shell, here, "hall-a"),
        ["it. Benvenuti!", "it. Oggi", "it. Si parte"]
    );
}

#[test]
fn z2_each_source_and_language_counts_for_itself_and_anew_after_a_minute_of_silence() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let other = shell.join(2, Role::Moderator, "hall-a");
    shell.ok(captioner, caption("it", "uno", true, 50));
    shell.ok(captioner, caption("en", "one", true, 1));
    shell.ok(other, caption("it", "due", false, 1));
    assert_eq!(words(&shell, other, "hall-a"), ["it. uno", "en. one", "it~ due"]);
    shell.pass(CAPTION_SOURCE_IDLE_MS);
    shell.ok(captioner, caption("it", "tre", true, 0));
    assert_eq!(
        words(&shell, other, "hall-a"),
        ["it. uno", "en. one", "it. due", "it. tre"]
    );
}

#[test]
fn z3_a_program_posts_lines_and_is_answered_once() {
    let mut shell = Shell::new();
    let here = shell.join(2, Role::Attendee, "hall-a");
    let said = [("it", "Uno", true, 1), ("en", "One", true, 1), ("it", "Due", false, 2)];
    assert_eq!(posts(&mut shell, 9, Role::Captioner, "hall-a", &said), None);
    assert_eq!(words(&shell, here, "hall-a"), ["it. Uno", "en. One", "it~ Due"]);
    let attendee = posts(&mut shell, 9, Role::Attendee, "hall-a", &said);
    assert_eq!(attendee, Some(RefusalCode::NotAllowed));
    let nowhere = posts(&mut shell, 9, Role::Captioner, "nowhere", &said);
    assert_eq!(nowhere, Some(RefusalCode::UnknownRoom));
    let late = [
        ("it", "Tre", true, 3),
        ("it", "Uno", true, 1),
        ("it", "Quattro", true, 4),
    ];
    let refused = posts(&mut shell, 9, Role::Captioner, "hall-a", &late);
    assert_eq!(refused, Some(RefusalCode::WrongState));
    assert_eq!(
        words(&shell, here, "hall-a"),
        ["it. Uno", "en. One", "it. Due", "it. Tre"]
    );
}

#[test]
fn z4_rates_languages_and_sources_are_bounded() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    for sequence in 0..CAPTIONS_PER_WINDOW_MAX {
        shell.ok(captioner, caption("it", "x", true, sequence));
    }
    assert_eq!(
        shell.command(captioner, caption("it", "x", true, 999)),
        Err(RefusalCode::TooFast)
    );
    shell.pass(CAPTION_WINDOW_MS);
    for n in 1..CAPTION_LANGS_MAX {
        let lang = ["en", "fr", "de", "es", "pt"][n - 1];
        shell.ok(captioner, caption(lang, "x", true, 1));
    }
    assert_eq!(
        shell.command(captioner, caption("el", "x", true, 1)),
        Err(RefusalCode::TooMany)
    );
    let sources = CAPTION_SOURCES_MAX - CAPTION_LANGS_MAX;
    for n in 0..sources as u128 {
        let said = [("it", "x", true, 1)];
        assert_eq!(posts(&mut shell, 100 + n, Role::Captioner, "hall-a", &said), None);
    }
    let one_more = posts(&mut shell, 99, Role::Captioner, "hall-a", &[("it", "x", true, 1)]);
    assert_eq!(one_more, Some(RefusalCode::TooMany));
    shell.pass(CAPTION_SOURCE_IDLE_MS);
    assert_eq!(
        posts(&mut shell, 99, Role::Captioner, "hall-a", &[("it", "x", true, 1)]),
        None
    );
}

#[test]
fn z4_a_language_in_which_nothing_is_said_any_more_gives_way_and_its_lines_stay_in_the_recap() {
    let mut shell = keeping();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let langs = ["it", "en", "fr", "de", "es", "pt"];
    assert_eq!(langs.len(), CAPTION_LANGS_MAX);
    for lang in langs {
        shell.ok(captioner, caption(lang, "first", true, 1));
        shell.pass(1);
    }
    let seventh = caption("sl", "prva", true, 1);
    assert_eq!(shell.command(captioner, seventh.clone()), Err(RefusalCode::TooMany));
    shell.pass(CAPTION_LANG_IDLE_MS - 1_000);
    shell.ok(captioner, caption("it", "second", true, 2));
    assert_eq!(
        shell.command(captioner, seventh.clone()),
        Err(RefusalCode::TooMany),
        "said a moment ago"
    );
    shell.pass(1_000);
    shell.ok(captioner, seventh);
    let shown = |shell: &Shell, conn| {
        let langs: Vec<String> = lines(shell, conn, "hall-a")
            .into_iter()
            .map(|line| line.lang.to_string())
            .collect();
        langs
    };
    let now = ["fr", "de", "es", "pt", "it", "it", "sl"];
    let mut sorted = shown(&shell, captioner);
    sorted.sort_by_key(|lang| now.iter().position(|one| one == lang));
    assert_eq!(sorted, ["fr", "de", "es", "pt", "it", "it", "sl"], "English gave way");
    let before = shown(&shell, captioner);
    shell.restart();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    assert_eq!(shown(&shell, captioner), before);
    let recap = shell.hub.recap();
    let hall = recap
        .rooms
        .iter()
        .find(|of| of.room == room("hall-a"))
        .expect("the hall");
    assert_eq!(hall.transcripts.len(), 7, "nothing of it is lost");
}

#[test]
fn z5_a_line_is_taken_back_by_who_wrote_it_or_a_moderator() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let other = shell.join(2, Role::Speaker, "hall-a");
    let moderator = shell.join(3, Role::Moderator, "hall-b");
    shell.ok(captioner, caption("it", "uno", true, 1));
    shell.ok(captioner, caption("it", "due", true, 2));
    let ids: Vec<CaptionId> = lines(&shell, other, "hall-a").iter().map(|line| line.caption).collect();
    let erase = |caption| Command::EraseCaption { caption };
    assert_eq!(shell.command(other, erase(ids[0])), Err(RefusalCode::NotAllowed));
    shell.ok(captioner, erase(ids[0]));
    assert_eq!(words(&shell, other, "hall-a"), ["it. due"]);
    shell.ok(moderator, erase(ids[1]));
    assert_eq!(words(&shell, other, "hall-a"), [""; 0]);
    assert_eq!(shell.command(moderator, erase(ids[1])), Err(RefusalCode::UnknownItem));
}

#[test]
fn z6_nothing_of_captions_is_stored_unless_the_event_keeps_them() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    let organiser = shell.join(2, Role::Organiser, "hall-a");
    let before = shell.kept.clone();
    shell.ok(captioner, caption("it", "uno", true, 1));
    assert_eq!(shell.kept.texts, before.texts);
    assert_eq!(shell.kept.facts, before.facts);
    assert_eq!(shell.kept.working, before.working);
    let phase = EventPhase::Ended;
    shell.ok(organiser, Command::SetEventPhase { phase });
    assert_eq!(words(&shell, organiser, "hall-a"), [""; 0], "gone with the event");
    assert!(shell.hub.recap().rooms.iter().all(|room| room.transcripts.is_empty()));
}

#[test]
fn z6_kept_captions_come_back_after_a_crash_stand_in_the_recap_and_are_erased_for_good() {
    let mut shell = keeping();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    shell.ok(captioner, caption("it", "un", false, 1));
    assert_eq!(shell.kept.texts.len(), 0, "what is still being said is not kept");
    shell.ok(captioner, caption("it", "uno", true, 1));
    shell.ok(captioner, caption("en", "one", true, 1));
    shell.ok(captioner, caption("it", "due", true, 2));
    let gone = lines(&shell, captioner, "hall-a")[0].caption;
    shell.ok(captioner, Command::EraseCaption { caption: gone });
    assert_eq!(shell.kept.texts.len(), 2);
    let known = words(&shell, captioner, "hall-a");
    shell.restart();
    let again = shell.join(1, Role::Organiser, "hall-a");
    assert_eq!(words(&shell, again, "hall-a"), known);
    let phase = EventPhase::Ended;
    shell.ok(again, Command::SetEventPhase { phase });
    let recap = shell.hub.recap();
    let told: Vec<_> = recap.rooms[0]
        .transcripts
        .iter()
        .map(|one| (one.lang.as_str(), one.lines.clone()))
        .collect();
    assert_eq!(told, [("en", vec!["one".to_owned()]), ("it", vec!["due".to_owned()])]);
}

#[test]
fn z6_while_nothing_can_be_stored_captions_go_on_unless_they_are_kept() {
    let mut shell = Shell::new();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    shell.input(Input::Storage { writable: false });
    shell.ok(captioner, caption("it", "uno", true, 1));
    let mut shell = keeping();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    shell.input(Input::Storage { writable: false });
    let id = shell.next_command_id();
    let said = caption("it", "uno", true, 1);
    let answer = shell.command_as(captioner, id, said.clone());
    assert_eq!(answer, Err(RefusalCode::ReadOnly));
    // C2: what was refused for now is carried out once the store is back.
    shell.input(Input::Storage { writable: true });
    assert_eq!(shell.command_as(captioner, id, said), Ok(()));
    assert_eq!(words(&shell, captioner, "hall-a"), ["it. uno"]);
}

#[test]
fn c2_a_line_that_was_taken_back_stays_so_for_whoever_asks_again_after_a_restart() {
    let mut shell = keeping();
    let captioner = shell.join(1, Role::Captioner, "hall-a");
    shell.ok(captioner, caption("it", "uno", true, 1));
    let caption = lines(&shell, captioner, "hall-a")[0].caption;
    let id = shell.next_command_id();
    let erased = Command::EraseCaption { caption };
    assert_eq!(shell.command_as(captioner, id, erased.clone()), Ok(()));
    shell.restart();
    let again = shell.join(1, Role::Captioner, "hall-a");
    assert_eq!(shell.command_as(again, id, erased), Ok(()));
}
