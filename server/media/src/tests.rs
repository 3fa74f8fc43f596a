// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who is on which thread, without any packet: homes of rooms, adoption, a thread that panics.

use std::net::Ipv4Addr;
use std::time::Duration;

use fiera_sfu::api::{CloseReason, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::clock::ServerClock;
use fiera_sfu::egress::Egress;
use fiera_sfu::engine::{MovingPublisher, Sfu};
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

/// A publisher that a core gave up.
fn released(peer: u64) -> Option<Box<MovingPublisher>> {
    let identity = Arc::new(DtlsIdentity::generate().expect("an identity"));
    let now = Instant::now();
    let mut sfu = Sfu::new(identity, ServerClock::new(now, 0));
    sfu.handle_command(now, publisher(peer, 1, peer), &mut Egress::new());
    sfu.release_publisher(now, PeerId(peer))
}

/// Room 1 with publisher 1 on thread 0, room 2 with publisher 2 on thread 1; publisher 1 is told to move to room 2.
fn moving() -> Director {
    let director = Director::new(2).expect("a director");
    let now = Instant::now();
    director.command(now, publisher(1, 1, 1));
    director.command(now, publisher(2, 2, 2));
    let (peer, room) = (PeerId(1), RoomKey(2));
    director.command(now, Command::MovePublisher { peer, room });
    director
}

fn letters(director: &Director, thread: usize) -> Vec<Letter> {
    let mut letters = std::collections::VecDeque::new();
    director.mailboxes[thread].take(&mut letters);
    letters.into()
}

#[test]
fn a_publisher_goes_to_the_home_of_its_next_room_with_all_that_was_asked_for_it_meanwhile() {
    let director = moving();
    let now = Instant::now();
    assert!(matches!(
        letters(&director, 0)[..],
        [.., Letter::HandOver(PeerId(1)), _]
    ));
    assert_eq!(owner(&director, 1), Some(ThreadId(0)), "until it is given up");
    assert_eq!(director.homes(), [(RoomKey(2), ThreadId(1))]);
    let participant = ParticipantKey(1);
    for live in [true, false, true, false].into_iter().cycle().take(200) {
        let source = SourceKind::Mic;
        director.command(
            now,
            Command::SetLive {
                participant,
                source,
                live,
            },
        );
        director.command(
            now,
            Command::SetOnAir {
                participant,
                on_air: !live,
            },
        );
    }
    letters(&director, 1);
    assert!(
        letters(&director, 0).is_empty(),
        "nothing for who is about to give it up"
    );

    assert!(!director.hand_over(PeerId(1), ThreadId(1), now, || panic!("not from there")));
    assert!(director.hand_over(PeerId(1), ThreadId(0), now, || released(1)));
    let told = letters(&director, 1);
    let [
        Letter::Adopt(adopted, RoomKey(2)),
        Letter::Command(first),
        Letter::Command(second),
    ] = &told[..]
    else {
        panic!("{} letters", told.len());
    };
    assert_eq!(adopted.peer(), PeerId(1));
    assert!(
        matches!(**first, Command::SetLive { live: false, .. }),
        "the last word on it"
    );
    assert!(matches!(**second, Command::SetOnAir { on_air: true, .. }));
    assert!(matches!(letters(&director, 0)[..], [Letter::Moved(_, ThreadId(1))]));
    assert_eq!(owner(&director, 1), Some(ThreadId(1)));
    director.closed(PeerId(1), ThreadId(0), CloseReason::Asked);
    assert_eq!(owner(&director, 1), Some(ThreadId(1)), "it is none of theirs any more");
    director.command(now, publisher(3, 3, 3));
    assert_eq!(owner(&director, 3), Some(ThreadId(0)), "where there are fewest now");
}

#[test]
fn a_publisher_that_is_replaced_or_lost_before_it_is_given_up_is_not_given_up() {
    let now = Instant::now();
    let director = moving();
    director.command(now, publisher(4, 2, 1));
    let replaced = |letter: &Letter| matches!(letter, Letter::Replace(PeerId(1)));
    assert!(letters(&director, 0).iter().any(replaced));
    assert!(!director.hand_over(PeerId(1), ThreadId(0), now, || panic!("it is replaced")));
    assert_eq!(owner(&director, 4), Some(ThreadId(1)));

    // By one that the core there replaces it by itself.
    let director = moving();
    director.command(now, publisher(4, 3, 1));
    assert!(!director.hand_over(PeerId(1), ThreadId(0), now, || panic!("it is replaced")));
    assert_eq!(owner(&director, 4), Some(ThreadId(0)));

    let director = moving();
    director.closed(PeerId(1), ThreadId(0), CloseReason::ConsentExpired);
    assert!(!director.hand_over(PeerId(1), ThreadId(0), now, || panic!("it is gone")));
    assert_eq!(owner(&director, 1), None);
    director.closed(PeerId(2), ThreadId(1), CloseReason::PeerClosed);
    assert_eq!(director.homes(), [], "it is counted nowhere");
}

#[test]
fn a_publisher_that_moves_on_before_it_is_given_up_ends_up_where_it_was_sent_last() {
    let now = Instant::now();
    let director = moving();
    let peer = PeerId(1);
    director.command(now, publisher(3, 3, 3));
    director.command(now, Command::MovePublisher { peer, room: RoomKey(3) });
    assert!(director.hand_over(peer, ThreadId(0), now, || released(1)));
    assert!(matches!(letters(&director, 1)[..], [.., Letter::HandOver(PeerId(1))]));
    assert!(director.hand_over(peer, ThreadId(1), now, || released(1)));
    assert_eq!(owner(&director, 1), Some(ThreadId(0)));
    director.command(now, Command::RemovePeer { peer });
    assert!(matches!(
        letters(&director, 0)[..],
        [.., Letter::Adopt(_, RoomKey(3)), Letter::Command(_)]
    ));
}

#[test]
fn the_threads_themselves_hand_a_publisher_over() {
    let config = MediaConfig {
        bind: (Ipv4Addr::LOCALHOST, 0).into(),
        advertise: Vec::new(),
        threads: Some(2),
    };
    let media = Media::start(config, Box::new(|_| ())).expect("starts");
    let handle = media.handle();
    handle.command(publisher(1, 1, 1));
    handle.command(publisher(2, 2, 2));
    let where_are = || {
        let mut seen: Vec<_> = handle
            .inspect(Duration::from_secs(30))
            .iter()
            .map(|v| (v.peer.0, v.thread.0))
            .collect();
        seen.sort_unstable();
        seen
    };
    assert_eq!(where_are(), [(1, 0), (2, 1)]);
    let peer = PeerId(1);
    for (room, thread) in [(2, 1), (1, 0), (2, 1)] {
        let room = RoomKey(room);
        handle.command(publisher(3, 1, 3));
        handle.command(Command::MovePublisher { peer, room });
        // Carried out before the second question is answered: the first one is a letter behind the hand-over.
        where_are();
        assert_eq!(where_are()[0], (1, thread), "{room:?}");
    }
}
