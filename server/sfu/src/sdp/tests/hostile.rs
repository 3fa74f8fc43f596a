// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use proptest::prelude::*;

use super::super::limits::{ANSWER_MEDIA_MAX, SDP_BYTES_MAX, SDP_LINE_BYTES_MAX, SDP_LINES_MAX};
use super::super::parse::Description;
use super::super::rack::{self, RackShape};
use super::super::{SdpRefusal, publish, whep};
use super::{OPUS, assert_answers, fixture, local, offer, random, server};

/// Every entry point on one text: none may panic, what is accepted must hold together.
fn try_all(text: &str) {
    if let Ok((answer, remote, media)) = publish::answer(text, &local(), &server()) {
        assert_answers(text, &answer);
        assert!(matches!(remote.fingerprint.bytes.len(), 32 | 48 | 64));
        assert!(!media.media.is_empty());
        for media in &media.media {
            assert!(!media.payload_types.is_empty() && media.payload_types.iter().all(|payload| payload.pt < 128));
            assert!(
                media
                    .rtx_ssrcs
                    .iter()
                    .all(|(primary, rtx)| media.ssrcs.contains(primary) && !media.ssrcs.contains(rtx))
            );
        }
    }
    if let Ok((answer, _, media)) = whep::answer(text, &local(), &server(), &mut random()) {
        assert_answers(text, &answer);
        assert!((1..=2).contains(&media.slots.len()));
    }
    let shape = RackShape {
        voice_slots: 3,
        camera_slots: 4,
        screen: true,
    };
    let rack = rack::offer(&shape, &local(), &server(), &mut random());
    if let Ok((_, media)) = rack::accept_answer(&rack, text) {
        for slot in &media.slots {
            let offered = &rack.slots[usize::from(slot.slot)];
            assert_eq!(
                (slot.ssrc, slot.kind, &slot.mid),
                (offered.ssrc, offered.kind, &offered.mid)
            );
            assert!(slot.payload_types.len() <= offered.payload_types.len());
        }
    }
}

#[test]
fn sizes_are_limited() {
    let text = offer(&[OPUS]);
    let with = |more: String| publish::answer(&format!("{text}{more}"), &local(), &server()).map(|_| ());
    assert_eq!(with("a=x\r\n".repeat(1_000)), Ok(()));
    assert_eq!(with("a=x\r\n".repeat(SDP_LINES_MAX)), Err(SdpRefusal::TooMany("lines")));
    assert_eq!(
        with(format!("a={}\r\n", "x".repeat(SDP_LINE_BYTES_MAX))),
        Err(SdpRefusal::TooMany("bytes in one line"))
    );
    let line = format!("a={}\r\n", "x".repeat(1_000));
    assert_eq!(
        with(line.repeat(SDP_BYTES_MAX / 1_000)),
        Err(SdpRefusal::TooMany("bytes"))
    );
}

#[test]
fn control_characters_and_broken_lines_are_refused() {
    for more in [
        "a=x\ry\r\n",
        "a=x\0\r\n",
        "a=x\u{85}m=audio\r\n",
        "nonsense\r\n",
        "é\r\n",
        "a\r\n",
    ] {
        let text = format!("{}{more}", offer(&[OPUS]));
        assert!(
            matches!(
                publish::answer(&text, &local(), &server()),
                Err(SdpRefusal::Malformed(_))
            ),
            "{more:?}"
        );
    }
    for text in ["", "\r\n", "v=0", "v=1\r\n", "hello", "m=audio 9 RTP 0\r\n"] {
        try_all(text);
        assert!(publish::answer(text, &local(), &server()).is_err(), "{text:?}");
    }
}

#[test]
fn a_refusal_repeats_nothing_of_the_text() {
    let text = offer(&[OPUS]).replace("t=0 0", "t=198.51.100.9 x");
    let refusal = publish::answer(&text, &local(), &server()).unwrap_err().to_string();
    assert!(!refusal.contains("198.51"), "{refusal}");
}

#[test]
fn unix_line_ends_are_accepted() {
    assert!(publish::answer(&offer(&[OPUS]).replace("\r\n", "\n"), &local(), &server()).is_ok());
}

#[test]
fn every_fixture_passes_every_entry_point() {
    for text in fixture::FIXTURES {
        assert!(Description::parse(text, ANSWER_MEDIA_MAX).is_ok());
        try_all(text);
    }
}

/// One change of a description.
#[derive(Debug, Clone)]
enum Change {
    Drop(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Word(prop::sample::Index, prop::sample::Index, String),
    Cut(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let words = "(0|1|9|15|63|64|96|127|255|256|65536|4294967295|4294967296|-1|a|/|;|,|~|\\*|=|:|BUNDLE|FID|send|recv|active|[ -~]{0,20}|\\PC{0,4})";
    prop_oneof![
        index().prop_map(Change::Drop),
        (index(), index()).prop_map(|(from, to)| Change::Repeat(from, to)),
        (index(), index()).prop_map(|(one, other)| Change::Swap(one, other)),
        (index(), index(), words).prop_map(|(line, word, new)| Change::Word(line, word, new)),
        index().prop_map(Change::Cut),
    ]
}

fn apply(text: &str, changes: &[Change]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for change in changes {
        if lines.is_empty() {
            break;
        }
        let len = lines.len();
        match change {
            Change::Drop(at) => drop(lines.remove(at.index(len))),
            Change::Repeat(from, to) => lines.insert(to.index(len), lines[from.index(len)].clone()),
            Change::Swap(one, other) => lines.swap(one.index(len), other.index(len)),
            Change::Cut(at) => lines.truncate(at.index(len)),
            Change::Word(line, word, new) => {
                let line = &mut lines[line.index(len)];
                let mut parts: Vec<&str> = line.split_inclusive([' ', ':', '=', ';', '/']).collect();
                if !parts.is_empty() {
                    let at = word.index(parts.len());
                    parts[at] = new;
                }
                *line = parts.concat();
            }
        }
    }
    lines.join("\r\n") + "\r\n"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn arbitrary_text_never_panics(text in "\\PC{0,400}", lines in prop::collection::vec("([vostmcba]=)?[ -~]{0,30}", 0..40)) {
        try_all(&text);
        try_all(&lines.join("\n"));
    }

    #[test]
    fn arbitrary_attributes_never_panic(lines in prop::collection::vec("a=(mid|group|rid|simulcast|ssrc|ssrc-group|fmtp|rtpmap|rtcp-fb|extmap|fingerprint|setup|candidate):[ -~]{0,30}", 0..20)) {
        try_all(&format!("{}{}\r\n", offer(&[OPUS]), lines.join("\r\n")));
    }

    #[test]
    fn changed_fixtures_never_panic(which in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        try_all(&apply(fixture::FIXTURES[which.index(fixture::FIXTURES.len())], &changes));
    }
}
