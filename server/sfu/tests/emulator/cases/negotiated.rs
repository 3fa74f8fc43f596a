// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From a browser's session descriptions to its media: the same run with what Chromium really offers and answers.

use std::net::SocketAddr;

use fiera_sfu::api::{Side, SourceKind};
use fiera_sfu::sdp::{ServerTransport, publish, rack, whep};

use super::check::{all_of, once_each, unbroken};
use crate::fair::{CAMERA, Fair, seeds};
use crate::net::link::LinkSpec;
use crate::peer::endpoint::SERVER_IDENTITY;
use crate::peer::payload::Stamp;
use crate::peer::track::Track;

const PUBLISH: &str = include_str!("../../../src/sdp/fixtures/chromium_publish_simulcast.sdp");
const RACK_ANSWER: &str = include_str!("../../../src/sdp/fixtures/chromium_rack_answer.sdp");
const WHEP: &str = include_str!("../../../src/sdp/fixtures/chromium_whep.sdp");
const WHEP_PICTURE: u8 = 1;

fn server() -> ServerTransport {
    ServerTransport {
        candidates: vec![SocketAddr::from(([192, 0, 2, 1], 3_478))],
        tcp: false,
        fingerprint_sha256: SERVER_IDENTITY.fingerprint_sha256().to_owned(),
    }
}

fn chromium_publishes(fair: &mut Fair) -> usize {
    let (peer, endpoint) = fair.endpoint(true);
    let offer = endpoint.in_place_of(PUBLISH);
    let (_, remote, media) = publish::answer(&offer, &endpoint.server, &server()).expect("an answer");
    let tracks = vec![
        fair.mic(1, 30),
        Track::simulcast(1, SourceKind::Camera, fair.random.fork()),
    ];
    fair.publish_as(1, true, tracks, (peer, endpoint), (remote, media))
}

fn chromium_takes_the_rack(fair: &mut Fair) -> usize {
    let (peer, endpoint) = fair.endpoint(true);
    let shape = rack::RackShape {
        voice_slots: 3,
        camera_slots: 4,
        screen: true,
    };
    let mut random = fair.random.fork();
    let offer = rack::offer(&shape, &endpoint.server, &server(), &mut || random.next_u32());
    let negotiated = rack::accept_answer(&offer, &endpoint.in_place_of(RACK_ANSWER)).expect("it fits");
    fair.add_viewer(None, Side::Audience, (peer, endpoint), negotiated)
}

fn chromium_watches_by_whep(fair: &mut Fair) -> usize {
    let (peer, endpoint) = fair.endpoint(true);
    let mut random = fair.random.fork();
    let offer = endpoint.in_place_of(WHEP);
    let answered = whep::answer(&offer, &endpoint.server, &server(), &mut || random.next_u32());
    let (_, remote, media) = answered.expect("an answer");
    fair.add_viewer(None, Side::Audience, (peer, endpoint), (remote, media))
}

#[test]
fn chromium_descriptions_lead_to_media_that_survives_loss() {
    for seed in seeds() {
        let mut fair = Fair::new(seed);
        let speaker = chromium_publishes(&mut fair);
        let clean = chromium_takes_the_rack(&mut fair);
        let rough = chromium_takes_the_rack(&mut fair);
        let program = chromium_watches_by_whep(&mut fair);
        fair.run_ms(2_000);
        fair.publisher_links(speaker, LinkSpec::ROUGH, LinkSpec::CLEAN);
        fair.viewer_links(rough, LinkSpec::CLEAN, LinkSpec::ROUGH);
        fair.run_ms(6_000);
        for (viewer, slot) in [(clean, CAMERA), (rough, CAMERA), (program, WHEP_PICTURE)] {
            let watching = &fair.viewers[viewer];
            assert!(watching.endpoint.is_gcm());
            let stamps = watching.stamps(slot);
            once_each(&stamps);
            let top = |s: &Stamp| s.kind == 1 && s.layer == 2;
            all_of(
                fair.publishers[speaker].stamps(1_500_000, 7_000_000).filter(top),
                &stamps,
            );
        }
        // Sound is not repaired; what came is one line.
        let sound = fair.viewers[program].slot(0);
        assert!(sound.len() > 300);
        assert_eq!(fair.viewers[clean].endpoint.unopened, 0);
        let picture = fair.viewers[clean].slot(CAMERA);
        let until = picture.partition_point(|r| r.at_us < 7_000_000);
        unbroken(&picture[..until]);
    }
}
