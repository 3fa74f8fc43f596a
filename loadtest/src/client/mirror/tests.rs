// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

use fiera_protocol::fair::RoomSettings;
use fiera_protocol::ids::{ParticipantId, Role};
use fiera_protocol::stage::StageShow;
use fiera_protocol::view::Place;

use super::*;

fn at(n: u64) -> StreamPosition {
    StreamPosition { epoch: 1, n }
}

fn room_id(room: &str) -> StreamId {
    StreamId::Room {
        room: room.parse().unwrap(),
    }
}

fn room(room: &str, people: u32) -> StreamState {
    StreamState::Room(RoomView {
        room: room.parse().unwrap(),
        people,
        on_air: vec![],
        speaking: vec![],
        settings: RoomSettings {
            moderated: false,
            chat_open: true,
            slow_mode_s: 0,
            questions_closed: false,
            links_off: false,
        },
        questions: vec![],
        labels: vec![],
        pinned: vec![],
        chat: vec![],
        poll: None,
        hands: 0,
        show: StageShow::default(),
        help: None,
        cards: vec![],
        cards_shown: None,
    })
}

fn you(room: Option<&str>) -> StreamState {
    StreamState::You(YouView {
        participant: ParticipantId::from_u128(1),
        name: "Bot".to_owned().try_into().unwrap(),
        role: Role::Attendee,
        room: room.map(|room| room.parse().unwrap()),
        place: Place::Audience,
        sources: vec![],
        hand: None,
        upvoted: vec![],
        vote: None,
        answer: None,
        player: None,
        silenced: false,
        directions: vec![],
        on_air_at_unix_ms: None,
        keeps: vec![],
        reuses: vec![],
        breakout: None,
        card_votes: vec![],
        idea_votes: vec![],
        thanks: vec![],
    })
}

fn people(people: u32) -> Change {
    Change::People { people }
}

fn in_room() -> Mirror {
    let mut mirror = Mirror::default();
    mirror.snapshot(StreamId::You {}, at(1), you(Some("main")));
    mirror.snapshot(room_id("main"), at(5), room("main", 1));
    mirror
}

#[test]
fn s2_updates_give_the_state_of_a_snapshot() {
    let mut mirror = in_room();
    assert_eq!(mirror.update(&room_id("main"), at(6), &people(2)), Step::Applied);
    mirror.snapshot(room_id("main"), at(6), room("main", 2));
    let findings = mirror.take_findings();
    assert_eq!((findings.compared, findings.divergences), (1, 0));
}

#[test]
fn s2_another_state_at_the_same_number_is_a_divergence_and_told() {
    let mut mirror = in_room();
    mirror.snapshot(room_id("main"), at(5), room("main", 7));
    let findings = mirror.take_findings();
    assert_eq!((findings.compared, findings.divergences), (1, 1));
    assert!(findings.told[0].contains("\"people\":7"), "{:?}", findings.told);
    assert_eq!(mirror.room().unwrap().people, 7, "the snapshot holds");
}

#[test]
fn s3_a_gap_is_asked_for_once_and_mended_by_the_missing_updates() {
    let mut mirror = in_room();
    let have = Some(at(5));
    let stream = room_id("main");
    let resync = ClientMessage::Resync { stream, have };
    assert_eq!(
        mirror.update(&room_id("main"), at(7), &people(3)),
        Step::Gap(Box::new(resync))
    );
    assert_eq!(mirror.update(&room_id("main"), at(8), &people(4)), Step::Skipped);
    assert_eq!(mirror.room().unwrap().people, 1, "nothing is applied past the gap");
    for n in 6..=8 {
        assert_eq!(mirror.update(&room_id("main"), at(n), &people(n as u32)), Step::Applied);
    }
    assert_eq!(mirror.room().unwrap().people, 8);
    assert_eq!(mirror.take_findings().gaps, 1);
}

#[test]
fn s3_another_epoch_stops_and_older_updates_are_skipped() {
    let mut mirror = in_room();
    assert_eq!(mirror.update(&room_id("main"), at(5), &people(9)), Step::Skipped);
    let other = StreamPosition { epoch: 2, n: 6 };
    assert!(matches!(
        mirror.update(&room_id("main"), other, &people(9)),
        Step::Gap(_)
    ));
    mirror.snapshot(room_id("main"), other, room("main", 9));
    assert_eq!(mirror.room().unwrap().people, 9);
    assert_eq!(
        mirror.take_findings().compared,
        0,
        "a stream that is behind proves nothing"
    );
}

#[test]
fn s4_who_moves_forgets_the_room_before() {
    let mut mirror = in_room();
    mirror.snapshot(StreamId::You {}, at(2), you(Some("side")));
    assert!(mirror.room().is_none());
    assert_eq!(mirror.update(&room_id("main"), at(6), &people(2)), Step::Skipped);
    assert!(matches!(
        mirror.update(&room_id("side"), at(3), &people(2)),
        Step::Gap(_)
    ));
    assert_eq!(
        mirror.update(&room_id("side"), at(4), &people(2)),
        Step::Skipped,
        "asked once"
    );
    mirror.snapshot(room_id("side"), at(4), room("side", 2));
    assert_eq!(mirror.room().unwrap().room.as_str(), "side");
    assert_eq!(mirror.audit().len(), 2);
}
