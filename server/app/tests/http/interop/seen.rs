// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What one peer has seen of its connection so far, and waiting until it has seen enough.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::goodbye::Goodbye;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;
use tokio::sync::watch;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState};

use super::frames::is_start;

/// Longer than anything here takes; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Packets that a decoder cannot use between its requests for a keyframe: about a third of a second.
const REQUEST_EVERY_PACKETS: u32 = 15;

/// A peer's memory.
#[derive(Debug, Default)]
pub struct Seen {
    pub gathered: bool,
    pub states: Vec<RTCPeerConnectionState>,
    /// RTP by SSRC, as the crate handed it to its tracks, in order of arrival.
    pub streams: BTreeMap<u32, Vec<rtc::rtp::Packet>>,
    pub sender_reports: BTreeMap<u32, Vec<SenderReport>>,
    /// Streams that the server said goodbye to.
    pub goodbyes: Vec<u32>,
    /// Keyframe requests by SSRC.
    pub keyframe_requests: BTreeMap<u32, u32>,
    /// Loss so far that receiver reports state, by SSRC.
    pub reported_lost: BTreeMap<u32, u32>,
    pub transport_feedback: u32,
}

impl Seen {
    pub fn is_connected(&self) -> bool {
        self.states.last() == Some(&RTCPeerConnectionState::Connected)
    }

    /// For who reads why a test failed.
    fn summary(&self) -> String {
        let Seen {
            states,
            goodbyes,
            keyframe_requests,
            reported_lost,
            transport_feedback,
            ..
        } = self;
        let packets: BTreeMap<_, _> = self.streams.iter().map(|(ssrc, it)| (ssrc, it.len())).collect();
        let reports: BTreeMap<_, _> = self.sender_reports.iter().map(|(ssrc, it)| (ssrc, it.len())).collect();
        format!(
            "states {states:?}, packets {packets:?}, sender reports {reports:?}, goodbyes {goodbyes:?}, keyframe requests \
             {keyframe_requests:?}, reported loss {reported_lost:?}, transport feedback {transport_feedback}"
        )
    }

    fn take_rtcp(&mut self, packet: &dyn rtc::rtcp::Packet) {
        let any = packet.as_any();
        if let Some(report) = any.downcast_ref::<SenderReport>() {
            self.sender_reports.entry(report.ssrc).or_default().push(report.clone());
        } else if let Some(report) = any.downcast_ref::<ReceiverReport>() {
            let lost = report.reports.iter().map(|block| (block.ssrc, block.total_lost));
            self.reported_lost.extend(lost);
        } else if let Some(goodbye) = any.downcast_ref::<Goodbye>() {
            self.goodbyes.extend(&goodbye.sources);
        } else if let Some(request) = any.downcast_ref::<PictureLossIndication>() {
            *self.keyframe_requests.entry(request.media_ssrc).or_default() += 1;
        } else if any.is::<TransportLayerCc>() {
            self.transport_feedback += 1;
        }
    }
}

/// The end that writes into a peer's memory: handler of the connection's events and last interceptor of its packets.
#[derive(Clone)]
pub struct Witness(Arc<watch::Sender<Seen>>);

impl Witness {
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Seen::default())))
    }

    /// Looks at what was seen so far.
    pub fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.0.borrow())
    }

    /// Waits until enough was seen.
    pub async fn until(&self, what: &str, enough: impl FnMut(&Seen) -> bool) {
        let mut seen = self.0.subscribe();
        let outcome = tokio::time::timeout(PATIENCE, seen.wait_for(enough)).await;
        if outcome.is_err() {
            let summary = self.look(Seen::summary);
            panic!("waited in vain for {what}; {summary}");
        }
    }

    fn note(&self, note: impl FnOnce(&mut Seen)) {
        self.0.send_modify(note);
    }

    /// Reads what the crate demultiplexed to a track, until the track ends. As a decoder does, it goes on asking for a
    /// keyframe when the picture starts elsewhere: of what comes in one batch with the end of the handshake, the crate
    /// drops the media.
    async fn follow(self, track: Arc<dyn TrackRemote>) {
        let mut can_decode = track.kind().await == RtpCodecKind::Audio;
        let mut undecodable = 0;
        while let Some(event) = track.poll().await {
            let TrackRemoteEvent::OnRtpPacket(packet) = event else {
                continue;
            };
            if !can_decode {
                let codec = track.codec(packet.header.ssrc).await.expect("a codec");
                can_decode = is_start(&codec.mime_type, &packet.payload);
            }
            if !can_decode && undecodable % REQUEST_EVERY_PACKETS == 0 {
                let request = PictureLossIndication {
                    sender_ssrc: 0,
                    media_ssrc: packet.header.ssrc,
                };
                // Fails only when the connection has ended.
                let _ = track.write_rtcp(vec![Box::new(request)]).await;
            }
            undecodable += u32::from(!can_decode);
            self.note(|seen| seen.streams.entry(packet.header.ssrc).or_default().push(packet));
        }
    }
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Witness {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        self.note(|seen| seen.gathered |= state == RTCIceGatheringState::Complete);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.note(|seen| seen.states.push(state));
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        tokio::spawn(self.clone().follow(track));
    }
}

/// Notes RTCP on its way in; the crate hands none of it to applications.
pub struct RtcpTap {
    witness: Witness,
    inbound: std::collections::VecDeque<TaggedPacket>,
    outbound: std::collections::VecDeque<TaggedPacket>,
}

impl RtcpTap {
    pub fn new(witness: Witness) -> Self {
        Self {
            witness,
            inbound: Default::default(),
            outbound: Default::default(),
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for RtcpTap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            self.witness
                .note(|seen| packets.iter().for_each(|packet| seen.take_rtcp(packet.as_ref())));
        }
        self.inbound.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inbound.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.outbound.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outbound.pop_front()
    }
}

impl Interceptor for RtcpTap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
