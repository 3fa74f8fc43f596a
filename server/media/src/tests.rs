// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is on which thread, without any packet: homes of rooms, adoption, a thread that panics.

use std::net::Ipv4Addr;
use std::time::Duration;

use fiera_sfu::api::{CloseReason, ParticipantKey, PeerId, RoomKey, Side};
use fiera_sfu::sdp::{Fingerprint, PublisherMedia, RemoteTransport, ViewerMedia};
use fiera_sfu::transport::CONNECT_TIMEOUT;

use super::*;
use crate::director::{Answer, Claim};

fn credentials(peer: u64) -> (TransportCredentials, RemoteTransport) {
    let local = TransportCredentials {
        ice_ufrag: format!("ufrag{peer}"),
        ice_pwd: "a password of our own".to_owned(),
    };
    let remote = RemoteTransport {
        ice_ufrag: "theirs".to_owned(),
        ice_pwd: "a password of theirs".to_owned(),
        fingerprint: Fingerprint {
            algorithm: "sha-256".to_owned(),
            bytes: vec![0; 32],
        },
        we_are_dtls_client: false,
    };
    (local, remote)
}

fn publisher(peer: u64, room: u64, participant: u64) -> Command {
    let (local, remote) = credentials(peer);
    Command::AddPublisher {
        peer: PeerId(peer),
        room: RoomKey(room),
        participant: ParticipantKey(participant),
        on_air: true,
        local,
        remote,
        media: PublisherMedia { media: Vec::new() },
    }
}

fn viewer(peer: u64) -> Command {
    let (local, remote) = credentials(peer);
    Command::AddViewer {
        peer: PeerId(peer),
        room: RoomKey(1),
        participant: None,
        side: Side::Audience,
        local,
        remote,
        media: ViewerMedia {
            slots: Vec::new(),
            cname: "x".to_owned(),
            twcc_feedback: false,
        },
    }
}

fn owner(director: &Director, peer: u64) -> Option<ThreadId> {
    match director.answer_for(&format!("ufrag{peer}"))? {
        Answer::Owner(thread, _) => Some(thread),
        Answer::Unclaimed(..) => None,
    }
}

#[test]
fn publishers_of_one_room_live_together_and_rooms_go_where_there_are_fewest() {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    for (peer, room) in [(1, 1), (2, 1), (3, 2), (4, 1), (5, 3)] {
        director.command(now, publisher(peer, room, peer));
    }
    let threads: Vec<_> = (1..=5).map(|peer| owner(&director, peer).expect("known").0).collect();
    assert_eq!(threads, [0, 0, 1, 0, 1]);
    assert_eq!(director.homes().len(), 3);
    for peer in [1, 2, 4] {
        director.closed(PeerId(peer), ThreadId(0), CloseReason::PeerClosed);
    }
    let homes = [(RoomKey(2), ThreadId(1)), (RoomKey(3), ThreadId(1))];
    assert_eq!(director.homes(), homes, "a room without publishers has no home");
    assert!(director.answer_for("ufrag1").is_none());
    director.command(now, publisher(6, 1, 6));
    assert_eq!(owner(&director, 6), Some(ThreadId(0)));
}

#[test]
fn who_publishes_elsewhere_is_ended_on_the_thread_before() {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    director.command(now, publisher(1, 1, 7));
    director.command(now, publisher(2, 2, 8));
    director.command(now, publisher(3, 2, 7));
    assert_eq!((owner(&director, 1), owner(&director, 3)), (None, Some(ThreadId(1))));
    let mut letters = std::collections::VecDeque::new();
    director.mailboxes[0].take(&mut letters);
    assert!(
        letters
            .iter()
            .any(|letter| matches!(letter, Letter::Replace(PeerId(1))))
    );
    assert_eq!(director.homes(), [(RoomKey(2), ThreadId(1))]);
    director.closed(PeerId(1), ThreadId(0), CloseReason::Replaced);
    assert_eq!(owner(&director, 3), Some(ThreadId(1)), "the newer one stays");
}

#[test]
fn a_viewer_is_adopted_once_with_all_that_was_asked_for_it_before() {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    director.command(now, viewer(1));
    for height in 0..100 {
        let (peer, slot) = (PeerId(1), 3);
        let height = Some(height);
        director.command(now, Command::Want { peer, slot, height });
    }
    assert!(matches!(
        director.answer_for("ufrag1"),
        Some(Answer::Unclaimed(_, false))
    ));
    let Claim::Mine(commands) = director.claim("ufrag1", ThreadId(1)) else {
        panic!("nobody had it");
    };
    assert!(matches!(commands.first(), Some(Command::AddViewer { .. })));
    assert!(matches!(commands.last(), Some(Command::Want { height: Some(99), .. })));
    assert!(commands.len() < 40, "bounded");
    assert!(matches!(
        director.claim("ufrag1", ThreadId(0)),
        Claim::Owner(ThreadId(1))
    ));
    director.closed(PeerId(1), ThreadId(1), CloseReason::PeerClosed);
    assert!(matches!(director.claim("ufrag1", ThreadId(0)), Claim::Gone));
}

#[test]
fn viewers_whom_nobody_connects_as_are_forgotten_in_time() {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    director.command(now, viewer(1));
    director.command(now + Duration::from_secs(1), viewer(2));
    director.command(now + Duration::from_secs(2), viewer(3));
    let _ = director.claim("ufrag1", ThreadId(0));
    director.command(now, Command::RemovePeer { peer: PeerId(3) });
    let later = now + CONNECT_TIMEOUT + Duration::from_millis(500);
    assert_eq!(director.expire(later), []);
    assert_eq!(director.expire(later + Duration::from_secs(9)), [PeerId(2)]);
    assert!(director.answer_for("ufrag2").is_none());
    assert_eq!(owner(&director, 1), Some(ThreadId(0)));
}

#[test]
fn a_panic_ends_the_connections_of_its_thread_alone() {
    let (say, said) = std::sync::mpsc::sync_channel(64);
    let config = MediaConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        advertise: Vec::new(),
        threads: Some(2),
    };
    let media = Media::start(config, Box::new(move |event| drop(say.try_send(event)))).expect("starts");
    let handle = media.handle();
    for (peer, room) in [(1, 1), (2, 2), (3, 2)] {
        handle.command(publisher(peer, room, peer));
    }
    handle.shared.director.post(ThreadId(1), Letter::Panic);
    let mut ended: Vec<_> = (0..2)
        .map(|_| said.recv_timeout(Duration::from_secs(30)).expect("told"))
        .collect();
    ended.sort_by_key(|event| format!("{event:?}"));
    let closed = |peer| Event::Closed {
        peer: PeerId(peer),
        reason: CloseReason::Asked,
    };
    assert_eq!(ended, [closed(2), closed(3)]);
    assert!(handle.is_alive());
    assert_eq!(handle.shared.director.homes(), [(RoomKey(1), ThreadId(0))]);
    handle.command(publisher(4, 2, 4));
    assert_eq!(owner(&handle.shared.director, 4), Some(ThreadId(1)), "it serves again");
    drop(media);
    assert!(said.try_iter().all(|event| matches!(event, Event::Closed { .. })));
}

#[test]
fn rooms_of_a_thread_that_began_anew_are_announced_again_in_order() {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    director.command(now, publisher(1, 1, 1));
    director.command(now, publisher(2, 2, 2));
    let mut letters = std::collections::VecDeque::new();
    director.mailboxes[0].take(&mut letters);
    letters.clear();
    director.announce_again(ThreadId(1));
    director.mailboxes[0].take(&mut letters);
    let homes: Vec<_> = letters
        .iter()
        .map(|letter| match letter {
            Letter::Home(room, home) => (*room, *home),
            _ => panic!("only homes are announced"),
        })
        .collect();
    assert_eq!(homes, [(RoomKey(2), None), (RoomKey(2), Some(ThreadId(1)))]);
}

#[test]
fn who_was_lost_with_a_core_is_forgotten_when_removed() {
    let config = MediaConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        advertise: Vec::new(),
        threads: Some(2),
    };
    let media = Media::start(config, Box::new(|_| ())).expect("starts");
    let handle = media.handle();
    let director = &handle.shared.director;
    // Adopted in the registry, and never carried out.
    director.command(Instant::now(), viewer(1));
    assert!(matches!(director.claim("ufrag1", ThreadId(1)), Claim::Mine(_)));
    handle.command(Command::RemovePeer { peer: PeerId(1) });
    assert!(handle.inspect(Duration::from_secs(30)).is_empty());
    assert!(director.answer_for("ufrag1").is_none());
}

#[test]
fn every_thread_is_asked_and_one_that_has_ended_is_missing() {
    let config = MediaConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        advertise: Vec::new(),
        threads: Some(2),
    };
    let media = Media::start(config, Box::new(|_| ())).expect("starts");
    let handle = media.handle();
    for (peer, room) in [(1, 1), (2, 2), (3, 2)] {
        handle.command(publisher(peer, room, peer));
    }
    let mut seen: Vec<_> = handle
        .inspect(Duration::from_secs(30))
        .iter()
        .map(|view| (view.peer.0, view.thread.0))
        .collect();
    seen.sort_unstable();
    assert_eq!(seen, [(1, 0), (2, 1), (3, 1)]);
    assert!(
        handle.room_quality(Duration::from_secs(30)).is_empty(),
        "nobody watches"
    );
    drop(media);
    assert!(handle.inspect(Duration::ZERO).is_empty());
}
