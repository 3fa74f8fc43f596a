// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A peer of the `webrtc` crate on 127.0.0.1 with the crate's interceptors: NACK, reports, transport feedback both ways.

use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::Slot;
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, RTCSessionDescription, Registry, StatsSelector, configure_nack,
    configure_rtcp_reports, configure_simulcast_extension_headers, configure_twcc,
};

use super::frames::all_codecs;
use super::seen::{RtcpTap, Witness};

/// Behind all interceptors of the crate.
const LAST: usize = 14_000;

/// One end of a connection.
pub struct Peer {
    pub connection: Arc<dyn PeerConnection>,
    pub witness: Witness,
}

impl Peer {
    pub async fn new() -> Self {
        let witness = Witness::new();
        let mut engine = all_codecs();
        configure_simulcast_extension_headers(&mut engine).unwrap();
        let registry = configure_rtcp_reports(configure_nack(Registry::new(), &mut engine));
        let registry = configure_twcc(registry, &mut engine).unwrap();
        let registry = registry.with(Slot::from(LAST), RtcpTap::new(witness.clone()));
        let connection = PeerConnectionBuilder::new()
            .with_media_engine(engine)
            .with_interceptor_registry(registry)
            .with_handler(Arc::new(witness.clone()))
            .with_udp_addrs(vec!["127.0.0.1:0"])
            .build()
            .await
            .unwrap();
        Self {
            connection: Arc::new(connection),
            witness,
        }
    }

    /// An offer with all candidates in it.
    pub async fn offer(&self) -> String {
        let offer = self.connection.create_offer(None).await.unwrap();
        self.set_local(offer).await
    }

    /// Takes the answer to an offer.
    pub async fn take_answer(&self, answer: String) {
        let answer = RTCSessionDescription::answer(answer).unwrap();
        self.connection.set_remote_description(answer).await.unwrap();
    }

    /// The answer to an offer, with all candidates in it.
    pub async fn answer(&self, offer: String) -> String {
        let offer = RTCSessionDescription::offer(offer).unwrap();
        self.connection.set_remote_description(offer).await.unwrap();
        let answer = self.connection.create_answer(None).await.unwrap();
        self.set_local(answer).await
    }

    async fn set_local(&self, description: RTCSessionDescription) -> String {
        self.connection.set_local_description(description).await.unwrap();
        self.witness.until("candidates", |seen| seen.gathered).await;
        self.connection.local_description().await.unwrap().sdp
    }

    pub async fn connected(&self) {
        self.witness.until("a connection", |seen| seen.is_connected()).await;
    }

    /// The SRTP profile that was agreed upon under all tracks; empty when no DTLS handshake was ever completed.
    pub async fn srtp_profile(&self) -> String {
        let report = self.connection.get_stats(Instant::now(), StatsSelector::None).await;
        report.transport().expect("a transport").srtp_cipher.clone()
    }
}
