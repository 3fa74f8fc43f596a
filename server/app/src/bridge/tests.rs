// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The media side of one event with a real media plane behind it, told by hand what the plane would report.

use std::collections::BTreeSet;

use fiera_hub::{MediaIntent, Side, Standing};
use fiera_media::{Media, MediaConfig};
use fiera_protocol::ids::{ParticipantId, RoomId, SourceKind};
use fiera_protocol::server::{MediaDirection, ServerMessage};
use fiera_protocol::view::EventPhase;
use fiera_sfu::allocate::LayerMask;
use fiera_sfu::api::{self, CloseReason, Event};
use tokio::sync::mpsc;

use super::peers::Holder;
use super::{EventMedia, MediaReport, Negotiator, PublisherLink, Reaction, ViewerLink};
use crate::event::{EventHandle, Summary};
use crate::metrics::Metrics;

struct Stage {
    side: EventMedia,
    negotiator: Negotiator,
    metrics: Metrics,
    _media: Media,
}

fn stage() -> Stage {
    let bind = "127.0.0.1:0".parse().unwrap();
    let advertise = Vec::new();
    let threads = None;
    let config = MediaConfig {
        bind,
        advertise,
        threads,
    };
    let media = Media::start(config, Box::new(|_| ())).unwrap();
    let summary = Summary {
        title: String::new(),
        titles: fiera_protocol::fair::Localised::default(),
        organiser: None,
        starts_unix_ms: None,
        ends_unix_ms: None,
        agenda: Vec::new().into(),
        phase: EventPhase::Live,
        people: 0,
        live: false,
        keeps_captions: false,
        rooms: Vec::new(),
        room_titles: Vec::new().into(),
        time_zone: None,
        main_room: None,
        read_only: false,
    };
    let handle = EventHandle::new("fair".parse().unwrap(), 1, mpsc::channel(1).0, summary);
    Stage {
        side: EventMedia::new(media.handle(), handle),
        negotiator: Negotiator::new(media.handle(), false),
        metrics: Metrics::new().unwrap(),
        _media: media,
    }
}

fn backstage() -> Standing {
    Standing {
        room: Some("main".parse().unwrap()),
        side: Side::Backstage,
        may_publish: true,
        on_air: false,
        live: BTreeSet::new(),
    }
}

/// An offer of one line of sound.
fn sound_offer(ufrag: &str, direction: &str) -> String {
    let fingerprint = vec!["AB"; 32].join(":");
    format!(
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n\
         m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=ice-ufrag:{ufrag}\r\n\
         a=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 {fingerprint}\r\na=setup:actpass\r\n\
         a=rtcp-mux\r\na={direction}\r\na=rtpmap:111 opus/48000/2\r\n"
    )
}

/// A connection that publishes a microphone, as far as it is negotiated.
pub(crate) fn microphone(negotiator: &Negotiator) -> PublisherLink {
    let offer = sound_offer("abcd", "sendonly") + "a=ssrc:1 cname:x\r\n";
    negotiator.publish(&offer).unwrap().1
}

/// A connection that watches, as far as it is negotiated.
pub(crate) fn loudspeaker(negotiator: &Negotiator) -> ViewerLink {
    negotiator.whep(&sound_offer("efgh", "recvonly")).unwrap().1
}

impl Stage {
    fn watch(&mut self, socket: u64, who: ParticipantId, standing: &Standing) {
        let link = loudspeaker(&self.negotiator);
        self.side.watch(socket, who, standing, 1, link, None);
    }

    /// Which side of which room a socket's rack looks at.
    fn looks_at(&self, socket: u64) -> Option<(String, Side)> {
        let rack = self.side.peers.watch_of(socket)?;
        match self.side.peers.get(rack)? {
            Holder::Watch { room, side, .. } => Some((room.to_string(), *side)),
            _ => None,
        }
    }

    fn publish(&mut self, socket: u64, who: ParticipantId) {
        let link = microphone(&self.negotiator);
        let standing = backstage();
        self.side.publish(socket, who, &standing, link);
    }

    fn closed(&mut self, peer: fiera_sfu::api::PeerId) -> Option<Reaction> {
        let reason = CloseReason::Replaced;
        self.side
            .report(MediaReport(Event::Closed { peer, reason }), &self.metrics)
    }
}

#[test]
fn what_a_broken_socket_published_is_reported_to_its_person_and_not_to_who_replaced_it() {
    let mut stage = stage();
    let who = ParticipantId(uuid::Uuid::new_v4());
    stage.publish(1, who);
    let first = stage.side.peers.of_socket(1)[0];
    stage.side.socket_gone(1, false);
    stage.publish(2, who);
    assert!(
        stage.side.peers.get(first).is_some(),
        "the media plane ends it and says so; it may be another tab's"
    );
    assert!(stage.side.publishes_from(2) && !stage.side.publishes_from(1));
    match stage.closed(first) {
        Some(Reaction::TellOrphaned(to, ServerMessage::MediaClosed { direction, .. })) => {
            assert_eq!((to, direction), (who, MediaDirection::Up));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_socket_that_came_back_ends_what_the_broken_one_published() {
    let mut stage = stage();
    let who = ParticipantId(uuid::Uuid::new_v4());
    stage.publish(1, who);
    stage.side.socket_gone(1, false);
    stage.side.stop_publishing(2, who);
    assert!(stage.side.peers.publishers_of(who).is_empty());
}

#[test]
fn which_layers_are_worth_sending_is_told_to_the_socket_that_publishes_them() {
    let mut stage = stage();
    let who = ParticipantId(uuid::Uuid::new_v4());
    stage.publish(1, who);
    let first = stage.side.peers.of_socket(1)[0];
    let participant = stage.side.person_key(who);
    let wanted = |peer| {
        MediaReport(Event::LayersWanted {
            peer,
            participant,
            source: api::SourceKind::Camera,
            layers: LayerMask(0b101),
        })
    };
    let message = ServerMessage::LayersWanted {
        source: SourceKind::Camera,
        layers: vec![0, 2],
    };
    match stage.side.report(wanted(first), &stage.metrics) {
        Some(Reaction::Tell(1, told)) => assert_eq!(told, message),
        other => panic!("{other:?}"),
    }
    stage.side.socket_gone(1, false);
    match stage.side.report(wanted(first), &stage.metrics) {
        Some(Reaction::TellOrphaned(to, told)) => assert_eq!((to, told), (who, message)),
        other => panic!("{other:?}"),
    }
    stage.publish(2, who);
    stage.side.stop_publishing(2, who);
    assert!(
        stage.side.report(wanted(first), &stage.metrics).is_none(),
        "that connection is no more"
    );
}

#[test]
fn what_somebody_publishes_by_goes_along_to_a_room_where_they_may() {
    let mut stage = stage();
    let who = ParticipantId(uuid::Uuid::new_v4());
    stage.publish(1, who);
    let first = stage.side.peers.of_socket(1);
    let rooms: Vec<RoomId> = ["main", "breakout-1-1", "breakout-1-2"]
        .map(|room| room.parse().unwrap())
        .into();
    for room in &rooms {
        stage.side.place(who, Some(room), Side::Backstage, true);
        assert_eq!(stage.side.peers.of_socket(1), first, "{room:?}");
        assert!(matches!(
            stage.side.peers.get(first[0]),
            Some(Holder::Publish { room: is, .. }) if is == room
        ));
    }
    stage.side.place(who, Some(&rooms[0]), Side::Audience, false);
    assert!(
        stage.side.peers.of_socket(1).is_empty(),
        "the audience publishes nothing"
    );
}

#[test]
fn what_went_on_under_a_hub_that_is_no_more_is_not_taken_to_another_room() {
    let mut stage = stage();
    let (settled, unsettled) = (ParticipantId(uuid::Uuid::new_v4()), ParticipantId(uuid::Uuid::new_v4()));
    stage.publish(1, unsettled);
    stage.side.restart();
    stage.publish(2, settled);
    let room: RoomId = "breakout-1-1".parse().unwrap();
    for who in [unsettled, settled] {
        stage.side.place(who, Some(&room), Side::Backstage, true);
    }
    assert!(
        stage.side.peers.publishers_of(unsettled).is_empty(),
        "what is live of it is not known"
    );
    assert_eq!(stage.side.peers.publishers_of(settled).len(), 1);
}

#[test]
fn what_was_taken_away_at_once_is_not_given_back_by_what_waited() {
    let mut stage = stage();
    let participant = ParticipantId(uuid::Uuid::new_v4());
    let on_air = |on_air| MediaIntent::OnAir { participant, on_air };
    let (off, on) = (
        backstage(),
        Standing {
            on_air: true,
            ..backstage()
        },
    );
    stage.side.intend(on_air(true), Some(&on), Some(&on));
    assert!(stage.side.is_live());
    stage.side.take_away(&on_air(true));
    assert!(stage.side.is_live());
    stage.side.take_away(&on_air(false));
    assert!(!stage.side.is_live(), "before it is kept");
    for now in [Some(&off), None] {
        stage.side.intend(on_air(true), Some(&on), now);
        assert!(!stage.side.is_live(), "an earlier intent comes later: {now:?}");
    }
    stage.side.intend(on_air(false), Some(&off), Some(&on));
    stage.side.intend(on_air(true), Some(&on), Some(&on));
    assert!(stage.side.is_live(), "and is given back in its place");
}

#[test]
fn who_may_publish_no_more_is_cut_off_at_once_and_goes_on_watching() {
    let mut stage = stage();
    let participant = ParticipantId(uuid::Uuid::new_v4());
    stage.publish(1, participant);
    let (room, side) = (backstage().room, Side::Audience);
    let place = |may_publish| MediaIntent::Place {
        participant,
        room: room.clone(),
        side,
        may_publish,
    };
    stage.side.take_away(&place(true));
    assert!(stage.side.publishes_from(1));
    stage.side.take_away(&place(false));
    assert!(!stage.side.publishes_from(1));
}

#[test]
fn who_is_sent_from_backstage_hears_no_more_of_it_at_once_and_what_waited_does_not_bring_them_back() {
    let mut stage = stage();
    let participant = ParticipantId(uuid::Uuid::new_v4());
    let place = |room: Option<&str>, side| MediaIntent::Place {
        participant,
        room: room.map(|room| room.parse().unwrap()),
        side,
        may_publish: side == Side::Backstage,
    };
    let behind = backstage();
    let before = Standing {
        side: Side::Audience,
        may_publish: false,
        ..backstage()
    };
    let at = |room: &str, side| Some((room.to_owned(), side));
    stage.watch(1, participant, &behind);
    assert_eq!(stage.looks_at(1), at("main", Side::Backstage));
    stage.side.take_away(&place(Some("elsewhere"), Side::Backstage));
    assert_eq!(stage.looks_at(1), at("main", Side::Backstage), "what gives waits");
    stage.side.take_away(&place(Some("elsewhere"), Side::Audience));
    assert_eq!(stage.looks_at(1), at("main", Side::Audience), "the other room waits");
    let goes_behind = place(Some("main"), Side::Backstage);
    stage.side.intend(goes_behind.clone(), Some(&behind), Some(&before));
    assert_eq!(stage.looks_at(1), at("main", Side::Audience));
    stage.side.intend(goes_behind, Some(&behind), Some(&behind));
    assert_eq!(stage.looks_at(1), at("main", Side::Backstage));
    stage
        .side
        .intend(place(Some("elsewhere"), Side::Audience), Some(&before), Some(&before));
    assert_eq!(stage.looks_at(1), at("elsewhere", Side::Audience));
    stage.side.take_away(&place(None, Side::Audience));
    assert_eq!(stage.looks_at(1), None);
}
