// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A program that publishes by WHIP: the crate packetizes, numbers and seals; keyframes come when they are asked for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use fiera_protocol::ids::Role;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::packetizer::{Packetizer, new_packetizer};
use rtc::rtp::sequence::new_random_sequencer;
use rtc::rtp_transceiver::rtp_sender::{RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use tokio::task::JoinHandle;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::rtp_transceiver::RtpTransceiver;

use super::frames::{Codec, Frame};
use super::peer::Peer;
use super::seen::Witness;
use crate::site::Site;

const MTU: usize = 1_200;
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";

/// Simulcast layers as browsers name them, with the heights of their pictures.
pub const LAYERS: [(&str, u16); 3] = [("q", 180), ("h", 360), ("f", 720)];

/// A publishing program.
pub struct Publisher {
    pub peer: Peer,
    pub session: String,
    pub offer: String,
    senders: Vec<JoinHandle<()>>,
}

/// One layer of a track.
struct Encoding {
    rid: &'static str,
    height: u16,
    ssrc: u32,
    packetizer: Box<dyn Packetizer>,
    requests_met: u32,
}

struct Source {
    codec: Codec,
    track: Arc<TrackLocalStaticRTP>,
    transceiver: Arc<dyn RtpTransceiver>,
    encodings: Vec<Encoding>,
}

impl Publisher {
    /// Opus and one picture.
    pub async fn start(site: &Site, video: Codec) -> Self {
        Self::with_layers(site, video, &[("", 720)]).await
    }

    /// Opus and a picture in several sizes.
    pub async fn simulcast(site: &Site) -> Self {
        Self::with_layers(site, Codec::Vp8, &LAYERS).await
    }

    async fn with_layers(site: &Site, video: Codec, layers: &[(&'static str, u16)]) -> Self {
        let peer = Peer::new().await;
        let mut sources = Vec::new();
        for (codec, layers) in [(Codec::Opus, &[("", 0)][..]), (video, layers)] {
            sources.push(add(&peer, codec, layers).await);
        }
        let offer = peer.offer().await;
        let (answer, session) = site.negotiate("/whip/demo/main", Role::Speaker, &offer).await;
        peer.take_answer(answer).await;
        peer.connected().await;
        let mut senders = Vec::new();
        for source in sources {
            senders.push(tokio::spawn(send(source, peer.witness.clone())));
        }
        Self {
            peer,
            session,
            offer,
            senders,
        }
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.senders.iter().for_each(JoinHandle::abort);
    }
}

async fn add(peer: &Peer, codec: Codec, layers: &[(&'static str, u16)]) -> Source {
    let described = codec.described();
    let encodings: Vec<Encoding> = layers
        .iter()
        .map(|(rid, height)| {
            let ssrc = uuid::Uuid::new_v4().as_fields().0 | 1;
            let packetizer = new_packetizer(
                Instant::now(),
                MTU,
                0,
                ssrc,
                described.payloader().unwrap(),
                Box::new(new_random_sequencer()),
                described.clock_rate,
            );
            Encoding {
                rid,
                height: *height,
                ssrc,
                packetizer: Box::new(packetizer),
                requests_met: 0,
            }
        })
        .collect();
    let parameters = encodings.iter().map(|encoding| RTCRtpEncodingParameters {
        rtp_coding_parameters: RTCRtpCodingParameters {
            rid: encoding.rid.to_owned(),
            ssrc: Some(encoding.ssrc),
            ..Default::default()
        },
        codec: described.clone(),
        active: true,
        ..Default::default()
    });
    let (kind, name) = if codec.is_audio() {
        (RtpCodecKind::Audio, "sound")
    } else {
        (RtpCodecKind::Video, "picture")
    };
    let track = MediaStreamTrack::new(
        "program".to_owned(),
        name.to_owned(),
        name.to_owned(),
        kind,
        parameters.collect(),
    );
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    let sends = RTCRtpTransceiverInit {
        direction: RTCRtpTransceiverDirection::Sendonly,
        ..Default::default()
    };
    let transceiver = peer
        .connection
        .add_transceiver_from_track(Arc::clone(&track) as Arc<dyn TrackLocal>, Some(sends))
        .await
        .unwrap();
    Source {
        codec,
        track,
        transceiver,
        encodings,
    }
}

/// Sends frames at their own pace until it is aborted or the connection ends.
async fn send(mut source: Source, witness: Witness) {
    let sender = source.transceiver.sender().await.unwrap().unwrap();
    let parameters = sender.get_parameters().await.unwrap().rtp_parameters;
    let codec = source.codec;
    let is_ours = |mime: &str| mime.eq_ignore_ascii_case(codec.mime());
    let negotiated = parameters
        .codecs
        .iter()
        .find(|known| is_ours(&known.rtp_codec.mime_type));
    let payload_type = negotiated.expect("the codec was negotiated").payload_type;
    let extension = |uri: &str| {
        let known = parameters.header_extensions.iter().find(|known| known.uri == uri);
        known.map(|known| known.id as u8)
    };
    let mid = source.transceiver.mid().await.unwrap().unwrap_or_default().to_string();
    let ticks = codec.ticks_per_frame();
    let interval = Duration::from_secs(1) * ticks / codec.clock_rate_hz();
    let mut pace = tokio::time::interval(interval);
    for number in 0.. {
        pace.tick().await;
        for encoding in &mut source.encodings {
            let requests = witness.look(|seen| seen.keyframe_requests.get(&encoding.ssrc).copied().unwrap_or(0));
            let frame = Frame {
                codec,
                height: encoding.height,
                number,
                key: !codec.is_audio() && (number == 0 || requests > encoding.requests_met),
            };
            encoding.requests_met = requests;
            let packets = encoding.packetizer.packetize(Instant::now(), &frame.bytes(), ticks);
            for mut packet in packets.unwrap() {
                packet.header.payload_type = payload_type;
                for (uri, value) in [(MID, mid.as_str()), (RID, encoding.rid)] {
                    if let Some(id) = extension(uri).filter(|_| !value.is_empty()) {
                        let value = Bytes::copy_from_slice(value.as_bytes());
                        packet.header.set_extension(id, value).unwrap();
                    }
                }
                if source.track.write_rtp(packet).await.is_err() {
                    return;
                }
            }
        }
    }
}
