// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The text of our descriptions: session head, m-lines, our transport, codecs.
//! What it repeats of the peer's text are single words without control characters, never a line.

use std::fmt::Write as _;

use super::codecs::Format;
use super::parse::{Description, Section};
use super::{ServerTransport, TransportCredentials};

/// Foundations of TCP candidates begin here: they share none with UDP (RFC 8445 section 5.1.1.3).
const TCP_FOUNDATION: u16 = 101;

/// An m-line that we accept, as our answer describes it.
#[derive(Debug)]
pub(super) struct Accepted {
    /// `sendonly`, `recvonly` or `inactive`.
    pub(super) direction: &'static str,
    pub(super) formats: Vec<Format>,
    /// Values of `a=extmap`.
    pub(super) extmap: Vec<String>,
    /// Further attribute lines, without `a=`.
    pub(super) lines: Vec<String>,
}

/// A description under construction.
pub(super) struct Text<'a> {
    out: String,
    local: &'a TransportCredentials,
    server: &'a ServerTransport,
    setup: &'static str,
    /// Candidates stand on the first m-line with a transport only: the others share it (RFC 9143 section 7).
    candidates_written: bool,
}

impl<'a> Text<'a> {
    /// Session level, with the bundle of all `mids`.
    pub(super) fn new(
        local: &'a TransportCredentials,
        server: &'a ServerTransport,
        setup: &'static str,
        mids: &[&str],
    ) -> Self {
        let mut text = Self {
            out: String::with_capacity(4_096),
            local,
            server,
            setup,
            candidates_written: false,
        };
        text.line("v=0");
        // The session id must be a number of its own (RFC 9429 section 5.2.1); the ufrag is random and unique already.
        let id = local
            .ice_ufrag
            .bytes()
            .fold(0_u64, |id, byte| id.wrapping_mul(131).wrapping_add(u64::from(byte)))
            >> 1;
        text.line(&format!("o=- {id} 1 IN IP4 127.0.0.1"));
        text.line("s=-");
        text.line("t=0 0");
        text.attribute("ice-lite");
        if !mids.is_empty() {
            text.attribute(&format!("group:BUNDLE {}", mids.join(" ")));
        }
        text.attribute("msid-semantic: WMS *");
        // Also here, for peers that want credentials on rejected m-lines too (aiortc).
        text.credentials();
        text
    }

    /// An m-line with our transport, its codecs and further lines.
    pub(super) fn media(&mut self, media: &str, proto: &str, mid: &str, accepted: &Accepted) {
        let mut numbers = String::new();
        // The order is a wish: Chromium sends redundant audio only where it comes before what it holds.
        let receives = accepted.direction != "sendonly";
        for format in &accepted.formats {
            let (pt, red) = (Some(format.payload.pt), format.payload.red_pt);
            let both = if receives { [red, pt] } else { [pt, red] };
            for pt in both.into_iter().flatten() {
                let _ = write!(numbers, " {pt}");
            }
            if let Some(rtx) = format.payload.rtx_pt {
                let _ = write!(numbers, " {rtx}");
            }
        }
        self.line(&format!("m={media} 9 {proto}{numbers}"));
        self.line("c=IN IP4 0.0.0.0");
        self.attribute(&format!("mid:{mid}"));
        self.transport();
        self.attribute(accepted.direction);
        self.attribute("rtcp-mux");
        self.attribute("rtcp-rsize");
        for extmap in &accepted.extmap {
            self.attribute(&format!("extmap:{extmap}"));
        }
        for format in &accepted.formats {
            self.codec(format);
        }
        for line in &accepted.lines {
            self.attribute(line);
        }
    }

    /// An m-line that we do not take (RFC 3264 section 6): port 0, outside the bundle.
    pub(super) fn rejected(&mut self, section: &Section) {
        let format = section.formats.first().map_or("0", String::as_str);
        self.line(&format!("m={} 0 {} {format}", section.media, section.proto));
        self.line("c=IN IP4 0.0.0.0");
        if let Some(mid) = section.mid() {
            self.attribute(&format!("mid:{mid}"));
        }
        self.attribute("inactive");
        self.attribute("rtcp-mux");
    }

    /// The finished text.
    pub(super) fn finish(self) -> String {
        self.out
    }

    fn credentials(&mut self) {
        self.attribute(&format!("ice-ufrag:{}", self.local.ice_ufrag));
        self.attribute(&format!("ice-pwd:{}", self.local.ice_pwd));
        self.attribute(&format!("fingerprint:sha-256 {}", self.server.fingerprint_sha256));
        self.attribute(&format!("setup:{}", self.setup));
    }

    fn transport(&mut self) {
        self.credentials();
        if std::mem::replace(&mut self.candidates_written, true) {
            return;
        }
        for (index, address) in (0_u16..).zip(&self.server.candidates) {
            // RFC 8445 section 5.1.2.1: type preference 126 (host), component 1, the best first.
            let priority = (126_u32 << 24) | (u32::from(u16::MAX.saturating_sub(index)) << 8) | 255;
            let foundation = index.saturating_add(1);
            self.attribute(&format!(
                "candidate:{foundation} 1 udp {priority} {} {} typ host",
                address.ip(),
                address.port()
            ));
        }
        let tcp = if self.server.tcp {
            &self.server.candidates[..]
        } else {
            &[]
        };
        for (index, address) in (0_u16..).zip(tcp) {
            // Below every UDP candidate (type preference 90, as browsers have it); RFC 6544 section 4.2: direction
            // preference 4 for passive ones.
            let local_preference = (4_u32 << 13) | u32::from(0x1FFF_u16.saturating_sub(index));
            let priority = (90_u32 << 24) | (local_preference << 8) | 255;
            let foundation = TCP_FOUNDATION.saturating_add(index);
            self.attribute(&format!(
                "candidate:{foundation} 1 tcp {priority} {} {} typ host tcptype passive",
                address.ip(),
                address.port()
            ));
        }
        self.attribute("end-of-candidates");
    }

    fn codec(&mut self, format: &Format) {
        let payload = &format.payload;
        let (pt, name, clock) = (payload.pt, payload.codec.name(), payload.codec.clock_rate_hz());
        let channels = if payload.codec == super::Codec::Opus { "/2" } else { "" };
        self.attribute(&format!("rtpmap:{pt} {name}/{clock}{channels}"));
        if !format.fmtp.is_empty() {
            self.attribute(&format!("fmtp:{pt} {}", format.fmtp));
        }
        let feedback = &format.feedback;
        let kinds = [
            (feedback.twcc, "transport-cc"),
            (feedback.fir, "ccm fir"),
            (feedback.nack, "nack"),
            (feedback.pli, "nack pli"),
        ];
        for (_, kind) in kinds.iter().filter(|(negotiated, _)| *negotiated) {
            self.attribute(&format!("rtcp-fb:{pt} {kind}"));
        }
        if let Some(rtx) = payload.rtx_pt {
            self.attribute(&format!("rtpmap:{rtx} rtx/{clock}"));
            self.attribute(&format!("fmtp:{rtx} apt={pt}"));
        }
        if let Some(red) = payload.red_pt {
            self.attribute(&format!("rtpmap:{red} red/{clock}{channels}"));
            self.attribute(&format!("fmtp:{red} {pt}/{pt}"));
        }
    }

    fn attribute(&mut self, value: &str) {
        let _ = write!(self.out, "a={value}\r\n");
    }

    fn line(&mut self, line: &str) {
        let _ = write!(self.out, "{line}\r\n");
    }
}

/// An answer: the offer's m-lines in order, rejected where there is nothing accepted (RFC 9429 section 5.3.1).
pub(super) fn answer(
    offer: &Description,
    sections: &[Option<Accepted>],
    local: &TransportCredentials,
    server: &ServerTransport,
    we_are_dtls_client: bool,
) -> String {
    let pairs = || offer.media.iter().zip(sections);
    let mids: Vec<&str> = pairs()
        .filter(|(_, accepted)| accepted.is_some())
        .filter_map(|(section, _)| section.mid())
        .collect();
    let bundle = if offer.bundle().is_some() { mids.as_slice() } else { &[] };
    let setup = if we_are_dtls_client { "active" } else { "passive" };
    let mut text = Text::new(local, server, setup, bundle);
    for (section, accepted) in pairs() {
        match (accepted, section.mid()) {
            (Some(accepted), Some(mid)) => text.media(&section.media, &section.proto, mid, accepted),
            _ => text.rejected(section),
        }
    }
    text.finish()
}
