// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! From WHIP to WHEP through the server: what arrives is what was sent, until either side ends.

use webrtc::peer_connection::RTCPeerConnectionState;

use super::frames::Codec;
use super::publisher::Publisher;
use super::seen::Seen;
use super::viewer::{Arrived, Viewer, assert_steady, frames};
use crate::site::Site;

/// Packets of each track that a viewer should have got before we look: more than a second of sound.
const PACKETS: usize = 60;
/// Pictures from a keyframe on that it should have got.
const PICTURES: usize = 20;
/// A sender's clock as its reports state it may differ so much from the nominal rate, parts of it.
const CLOCK_ERROR_MAX: f64 = 0.02;

fn packets(seen: &Seen, ssrc: u32) -> usize {
    seen.streams.get(&ssrc).map_or(0, Vec::len)
}

/// Whether so many pictures came from the first keyframe on.
fn is_watched(seen: &Seen, codec: Codec, ssrc: u32, pictures: usize) -> bool {
    if packets(seen, ssrc) < pictures {
        return false;
    }
    let frames = seen.streams.get(&ssrc).map(|packets| frames(codec, packets));
    let from_key = frames.into_iter().flatten().skip_while(|it| !it.frame.key);
    from_key.count() >= pictures
}

fn arrived(viewer: &Viewer, codec: Codec) -> Vec<Arrived> {
    viewer.peer.witness.look(|seen| {
        let packets = &seen.streams[&viewer.ssrc(codec)];
        frames(codec, packets)
    })
}

/// Two reports of a stream tell how fast its clock runs, and where it is.
fn assert_reports(viewer: &Viewer, codec: Codec) {
    let ssrc = viewer.ssrc(codec);
    viewer.peer.witness.look(|seen| {
        let reports = &seen.sender_reports[&ssrc];
        let (first, last) = (reports.first().unwrap(), reports.last().unwrap());
        let seconds = (last.ntp_time - first.ntp_time) as f64 / 2_f64.powi(32);
        let ticks = f64::from(last.rtp_time.wrapping_sub(first.rtp_time));
        let rate = f64::from(codec.clock_rate_hz());
        let error = ticks / seconds / rate - 1.0;
        assert!(error.abs() < CLOCK_ERROR_MAX, "{codec:?}: {ticks} ticks in {seconds} s");
        let newest = seen.streams[&ssrc].last().unwrap().header.timestamp;
        let apart = f64::from(newest.wrapping_sub(last.rtp_time) as i32) / rate;
        assert!(apart.abs() < 2.0, "the report is {apart} s from the newest packet");
        assert!(last.packet_count > first.packet_count && last.octet_count > first.octet_count);
    });
}

async fn a_program_is_watched(video: Codec) {
    let site = Site::start().await;
    let publisher = Publisher::start(&site, video).await;
    let viewer = Viewer::start(&site).await;
    let tracks = [Codec::Opus, video];
    let ssrcs = tracks.map(|codec| viewer.ssrc(codec));
    let reports = |seen: &Seen, ssrc| seen.sender_reports.get(&ssrc).map_or(0, Vec::len);
    let enough = |seen: &Seen| {
        let of = |ssrc| packets(seen, ssrc) >= PACKETS && reports(seen, ssrc) >= 3;
        ssrcs.into_iter().all(of) && is_watched(seen, video, ssrcs[1], PICTURES)
    };
    viewer.peer.witness.until("both tracks and their reports", enough).await;
    for codec in tracks {
        let frames = arrived(&viewer, codec);
        assert_steady(&frames);
        assert_reports(&viewer, codec);
    }
    let feedback = |seen: &Seen| seen.transport_feedback > 0 && seen.reported_lost.len() == 2;
    publisher.peer.witness.until("the server's feedback", feedback).await;
    publisher.peer.witness.look(|seen| {
        assert!(
            seen.reported_lost.values().all(|lost| *lost == 0),
            "{:?}",
            seen.reported_lost
        );
        assert!(
            seen.keyframe_requests
                .keys()
                .all(|ssrc| publisher.offer.contains(&ssrc.to_string())),
            "keyframes are asked of streams that exist"
        );
    });
    for connections in ["fiera_publishers", "fiera_subscribers"] {
        site.until_number(connections, |n| n == 1.0).await;
    }

    site.end_session(&viewer.session).await;
    let farewell = |seen: &Seen| ssrcs.iter().all(|ssrc| seen.goodbyes.contains(ssrc));
    viewer.peer.witness.until("the goodbye to each track", farewell).await;
    site.until_number("fiera_subscribers", |n| n == 0.0).await;
    assert_eq!(site.number("fiera_publishers").await, 1.0, "the publisher goes on");
    site.end_session(&publisher.session).await;
    site.until_number("fiera_publishers", |n| n == 0.0).await;
    assert_eq!(site.get("/api/v1/events/demo").await.json()["live"], false);
}

#[tokio::test]
async fn vp8_and_opus_arrive_as_they_were_sent() {
    a_program_is_watched(Codec::Vp8).await;
}

#[tokio::test]
async fn h264_and_opus_arrive_as_they_were_sent() {
    a_program_is_watched(Codec::H264).await;
}

#[tokio::test]
async fn a_viewer_who_joins_later_gets_a_keyframe_and_every_later_frame() {
    let site = Site::start().await;
    let publisher = Publisher::start(&site, Codec::Vp8).await;
    let first = Viewer::start(&site).await;
    let ssrc = first.ssrc(Codec::Vp8);
    let watched = |seen: &Seen| is_watched(seen, Codec::Vp8, ssrc, 2 * PICTURES);
    first.peer.witness.until("some picture", watched).await;
    let later = Viewer::start(&site).await;
    let ssrc = later.ssrc(Codec::Vp8);
    let watched = |seen: &Seen| is_watched(seen, Codec::Vp8, ssrc, 2 * PICTURES);
    later.peer.witness.until("some picture", watched).await;
    for viewer in [&first, &later] {
        assert_steady(&arrived(viewer, Codec::Vp8));
    }
    drop(publisher);
}

/// The offer with another certificate's hash.
fn with_wrong_fingerprint(offer: String) -> String {
    let at = offer.find("a=fingerprint:sha-256 ").unwrap() + "a=fingerprint:sha-256 ".len();
    let hash = offer[at..].lines().next().unwrap().trim();
    offer.replace(hash, &["AB"; 32].join(":"))
}

#[tokio::test]
async fn a_viewer_with_another_certificate_than_announced_never_connects() {
    const JOINS: &str = "fiera_join_seconds_count";
    const REFUSED: &str = "fiera_refused_total{reason=\"stun\"}";
    let site = Site::start().await;
    let publisher = Publisher::start(&site, Codec::Vp8).await;
    let honest = Viewer::start(&site).await;
    let ssrc = honest.ssrc(Codec::Vp8);
    let watched = |seen: &Seen| is_watched(seen, Codec::Vp8, ssrc, PICTURES);
    honest.peer.witness.until("some picture", watched).await;
    site.until_number(JOINS, |n| n == 1.0).await;
    let refused = site.number(REFUSED).await;

    let wrong = Viewer::start_with(&site, with_wrong_fingerprint).await;
    let ended = |seen: &Seen| {
        seen.states
            .iter()
            .any(|state| *state != RTCPeerConnectionState::Connecting)
    };
    wrong.peer.witness.until("the end of the handshake", ended).await;
    // By W3C's table working ICE over DTLS that has ended is "connected" too; what counts is whether there were keys.
    assert_ne!(honest.peer.srtp_profile().await, "");
    assert_eq!(wrong.peer.srtp_profile().await, "");
    // It goes on checking the path; nobody knows it any more.
    site.until_number(REFUSED, |n| n > refused).await;
    assert_eq!(site.number("fiera_subscribers").await, 1.0);

    let before = honest.peer.witness.look(|seen| packets(seen, ssrc));
    let goes_on = |seen: &Seen| packets(seen, ssrc) >= before + PACKETS / 2;
    honest.peer.witness.until("more of the picture", goes_on).await;
    for codec in [Codec::Opus, Codec::Vp8] {
        assert_steady(&arrived(&honest, codec));
    }
    let again = Viewer::start(&site).await;
    let ssrc = again.ssrc(Codec::Opus);
    let heard = |seen: &Seen| packets(seen, ssrc) > 0;
    again.peer.witness.until("sound for the next one", heard).await;
    // Reports of the media plane arrive in order: with this join known, so is the end of the one that never was.
    site.until_number(JOINS, |n| n == 2.0).await;
    let over = site.ask("DELETE", &wrong.session, &[], "").await;
    assert_eq!(over.status, 404, "its session is over");
    assert_eq!(site.number("fiera_refused_total{reason=\"dtls\"}").await, 1.0);
    let nothing = |seen: &Seen| seen.streams.is_empty() && seen.sender_reports.is_empty();
    assert!(
        wrong.peer.witness.look(nothing),
        "nothing of all this was for the other"
    );
    drop(publisher);
}
