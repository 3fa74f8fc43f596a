// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Two media threads on one real port: a speaker and viewers wherever the kernel puts them, and those who move.
#![allow(dead_code)]

#[path = "../../sfu/tests/emulator/cases/check.rs"]
mod check;
#[path = "../../sfu/tests/emulator/net/mod.rs"]
mod net;
#[path = "../../sfu/tests/emulator/peer/mod.rs"]
mod peer;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use check::{once_each, unbroken};
use fiera_media::{Media, MediaConfig, MediaHandle};
use fiera_sfu::api::{Command, Event, ParticipantKey, PeerId, RoomKey, Side, SourceKind};
use fiera_sfu::sdp::{Codec, Fingerprint};
use net::random::Random;
use peer::endpoint::Endpoint;
use peer::media::{full_rack, published};
use peer::publisher::Publisher;
use peer::track::Track;
use peer::viewer::Viewer;

const ROOM: RoomKey = RoomKey(1);
const CAMERA: u8 = 3;
/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);
/// The peers' clocks are looked at this often.
const BEAT: Duration = Duration::from_millis(1);
/// With this many viewers the kernel leaves no thread without one, but for once in 2^62 runs.
const VIEWERS_MAX: u64 = 63;

fn local_socket() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
    socket.set_nonblocking(true).expect("a socket");
    socket
}

struct Hall {
    media: Media,
    server: SocketAddr,
    events: Arc<Mutex<Vec<Event>>>,
    started: Instant,
    random: Random,
    speaker: (UdpSocket, Publisher),
    viewers: Vec<(UdpSocket, Viewer)>,
}

fn fingerprint(handle: &MediaHandle) -> Fingerprint {
    let pairs = handle.transport().fingerprint_sha256.split(':');
    Fingerprint {
        algorithm: "sha-256".to_owned(),
        bytes: pairs
            .map(|pair| u8::from_str_radix(pair, 16).expect("hexadecimal"))
            .collect(),
    }
}

impl Hall {
    fn open() -> Self {
        let events = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&events);
        let config = MediaConfig {
            bind: (Ipv4Addr::LOCALHOST, 0).into(),
            advertise: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
            threads: Some(2),
        };
        let report = move |event| seen.lock().expect("not poisoned").push(event);
        let media = Media::start(config, Box::new(report)).expect("starts");
        let handle = media.handle();
        let mut random = Random::new(7);
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("binds");
        let address = socket.local_addr().expect("bound");
        let endpoint = Endpoint::towards(address, random.fork(), true, fingerprint(&handle));
        let tracks = vec![
            Track::audio(1, SourceKind::Mic, random.fork()),
            Track::video(1, SourceKind::Camera, Codec::Vp8, random.fork()),
        ];
        let (peer, participant, negotiated) = (PeerId(1), ParticipantKey(1), published(&tracks));
        handle.command(Command::AddPublisher {
            peer,
            room: ROOM,
            participant,
            on_air: true,
            local: endpoint.server.clone(),
            remote: endpoint.as_remote(),
            media: negotiated.clone(),
        });
        let publisher = Publisher::new(peer, participant, endpoint, tracks, negotiated);
        Self {
            server: handle.transport().candidates[0],
            media,
            events,
            started: Instant::now(),
            random,
            speaker: (socket, publisher),
            viewers: Vec::new(),
        }
    }

    fn watch(&mut self) {
        let handle = self.media.handle();
        let socket = local_socket();
        let address = socket.local_addr().expect("bound");
        let endpoint = Endpoint::towards(address, self.random.fork(), true, fingerprint(&handle));
        let peer = PeerId(2 + self.viewers.len() as u64);
        let media = full_rack(&mut self.random);
        handle.command(Command::AddViewer {
            peer,
            room: ROOM,
            participant: None,
            side: Side::Audience,
            local: endpoint.server.clone(),
            remote: endpoint.as_remote(),
            media: media.clone(),
        });
        self.viewers.push((socket, Viewer::new(peer, endpoint, media)));
    }

    /// Moves everybody on until something holds.
    fn run_until(&mut self, what: &str, mut holds: impl FnMut(&Self) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
            let mut space = [0; 2_048];
            // What comes to the speaker, until the next beat is due.
            let beat = Instant::now() + BEAT;
            while let Some(left) = beat
                .checked_duration_since(Instant::now())
                .filter(|left| !left.is_zero())
            {
                let (socket, speaker) = &mut self.speaker;
                socket.set_read_timeout(Some(left)).expect("a socket");
                let Ok(len) = socket.recv(&mut space) else { break };
                speaker.handle(Instant::now(), &space[..len]);
            }
            let now = Instant::now();
            let now_us = now.duration_since(self.started).as_micros() as u64;
            let (socket, speaker) = &mut self.speaker;
            speaker.poll(now, now_us);
            for datagram in speaker.endpoint.out.drain(..) {
                let _ = socket.send_to(&datagram, self.server);
            }
            for (socket, viewer) in &mut self.viewers {
                viewer.poll(now, now_us);
                for datagram in viewer.endpoint.out.drain(..) {
                    let _ = socket.send_to(&datagram, self.server);
                }
                while let Ok(len) = socket.recv(&mut space) {
                    viewer.handle(now, now_us, &space[..len]);
                }
            }
        }
    }

    fn pictures(&self, viewer: usize) -> usize {
        self.viewers[viewer].1.slot(CAMERA).len()
    }
}

#[test]
fn viewers_are_served_by_the_thread_that_they_reach_and_go_on_when_they_move() {
    let mut hall = Hall::open();
    let both = |hall: &Hall| {
        hall.media
            .handle()
            .thread_counters()
            .iter()
            .all(|thread| thread.subscribers > 0)
    };
    for number in 0..VIEWERS_MAX {
        hall.watch();
        let last = number as usize;
        hall.run_until("a picture", |hall| hall.pictures(last) > 20);
        if number >= 3 && both(&hall) {
            break;
        }
    }
    hall.run_until("viewers on both threads", both);
    let threads = hall.media.handle().thread_counters();
    assert_eq!(threads.iter().filter(|thread| thread.publishers == 1).count(), 1);
    assert!(threads.iter().any(|thread| thread.relayed_packets > 0), "{threads:?}");

    // Everybody comes back from another port, which the kernel gives to any thread.
    for (socket, viewer) in &mut hall.viewers {
        *socket = local_socket();
        viewer.endpoint.move_to(socket.local_addr().expect("bound"));
    }
    let forwarded = |hall: &Hall| {
        let threads = hall.media.handle().thread_counters();
        threads.iter().map(|thread| thread.forwarded_datagrams).sum::<u64>()
    };
    let before: Vec<usize> = (0..hall.viewers.len()).map(|viewer| hall.pictures(viewer)).collect();
    hall.run_until("the picture goes on", |hall| {
        (0..hall.viewers.len()).all(|viewer| hall.pictures(viewer) > before[viewer] + 60)
    });
    // Somebody ends up on the other thread sooner or later: until then they move on.
    let begun = Instant::now();
    while forwarded(&hall) == 0 {
        assert!(
            begun.elapsed() < PATIENCE,
            "nobody reached the other thread within {PATIENCE:?}"
        );
        let (socket, viewer) = &mut hall.viewers[0];
        *socket = local_socket();
        viewer.endpoint.move_to(socket.local_addr().expect("bound"));
        let before = hall.pictures(0);
        hall.run_until("the picture goes on", |hall| hall.pictures(0) > before + 30);
    }
    for (_, viewer) in &hall.viewers {
        once_each(&viewer.stamps(CAMERA));
        assert_eq!(
            viewer.endpoint.unopened, 0,
            "each packet was sealed once, with the right keys"
        );
    }

    // The room ends: everybody is told so, and nothing is left.
    let peers: Vec<PeerId> = hall.viewers.iter().map(|(_, viewer)| viewer.peer).collect();
    for peer in peers.iter().copied().chain([PeerId(1)]) {
        hall.media.handle().command(Command::RemovePeer { peer });
    }
    let closed = |hall: &Hall| {
        let events = hall.events.lock().expect("not poisoned");
        events
            .iter()
            .filter(|event| matches!(event, Event::Closed { .. }))
            .count()
    };
    let all = peers.len() + 1;
    hall.run_until("all are let go", |hall| closed(hall) == all);
    let left = |hall: &Hall| hall.media.handle().counters().subscribers + hall.media.handle().counters().publishers;
    hall.run_until("nobody is left", |hall| left(hall) == 0);
}

#[test]
fn a_publisher_that_moves_is_handed_over_and_its_browser_never_notices() {
    let mut hall = Hall::open();
    for _ in 0..4 {
        hall.watch();
    }
    hall.run_until("pictures", |hall| (0..4).all(|viewer| hall.pictures(viewer) > 30));
    let handle = hall.media.handle();
    let publishes = |hall: &Hall| {
        let threads = hall.media.handle().thread_counters();
        threads.iter().position(|thread| thread.publishers > 0)
    };
    // A room whose home is the other thread: somebody is about to publish there.
    let first = publishes(&hall);
    let elsewhere = RoomKey(2);
    let somebody = Endpoint::towards(hall.server, hall.random.fork(), true, fingerprint(&handle));
    handle.command(Command::AddPublisher {
        peer: PeerId(1_000),
        room: elsewhere,
        participant: ParticipantKey(1_000),
        on_air: true,
        local: somebody.server.clone(),
        remote: somebody.as_remote(),
        media: published(&[]),
    });
    let peers: Vec<PeerId> = hall.viewers.iter().map(|(_, viewer)| viewer.peer).collect();
    for room in [elsewhere, ROOM, elsewhere] {
        let peer = PeerId(1);
        handle.command(Command::MovePublisher { peer, room });
        for peer in peers.iter().copied() {
            let side = Side::Audience;
            handle.command(Command::MoveViewer { peer, room, side });
        }
        let before: Vec<usize> = (0..4).map(|viewer| hall.pictures(viewer)).collect();
        hall.run_until("the picture goes on", |hall| {
            (0..4).all(|viewer| hall.pictures(viewer) > before[viewer] + 60)
        });
        if room == elsewhere {
            hall.run_until("counted on the other thread", |hall| publishes(hall) != first);
        }
    }
    for (_, viewer) in &hall.viewers {
        once_each(&viewer.stamps(CAMERA));
        assert_eq!(viewer.endpoint.unopened, 0, "each packet was sealed once");
    }
    assert_eq!(hall.speaker.1.endpoint.unopened, 0, "what came to the speaker too");
    let events = hall.events.lock().expect("not poisoned");
    let of_speaker = |event: &&Event| match event {
        Event::Connected { peer } | Event::Closed { peer, .. } => *peer == PeerId(1),
        _ => false,
    };
    assert_eq!(events.iter().filter(of_speaker).count(), 1, "connected once");
}

#[test]
fn sequence_and_time_are_unbroken_on_every_thread() {
    let mut hall = Hall::open();
    for _ in 0..4 {
        hall.watch();
    }
    hall.run_until("pictures", |hall| (0..4).all(|viewer| hall.pictures(viewer) > 150));
    for (_, viewer) in &hall.viewers {
        let received = viewer.slot(CAMERA);
        // What is being repaired at this moment may be missing at the end.
        unbroken(&received[..100]);
        once_each(&viewer.stamps(CAMERA));
    }
    let ends = hall.media.handle();
    assert!(ends.is_alive());
    drop(hall);
    assert!(!ends.is_alive());
}
