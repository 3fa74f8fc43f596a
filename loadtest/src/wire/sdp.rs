// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Session descriptions (RFC 8866, JSEP RFC 9429): our offers and rack answers out, the server's descriptions in.

use std::fmt::Write as _;
use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};

const EXT_MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";
const EXT_AUDIO_LEVEL: &str = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const EXT_RID: &str = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
const EXT_RRID: &str = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
const EXT_TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/// What a description that we write says about our side.
#[derive(Debug, Clone)]
pub struct Local<'a> {
    /// `a=ice-ufrag`.
    pub ufrag: &'a str,
    /// `a=ice-pwd`.
    pub pwd: &'a str,
    /// `AB:CD:...`, SHA-256.
    pub fingerprint: &'a str,
    /// Our host candidate.
    pub address: SocketAddr,
}

/// SSRCs and CNAME of our publisher.
#[derive(Debug, Clone)]
pub struct Sending {
    /// Opus.
    pub audio_ssrc: u32,
    /// VP8.
    pub video_ssrc: u32,
    /// Retransmissions of the video.
    pub rtx_ssrc: u32,
    /// One name for both, so that they are played in sync (RFC 7022).
    pub cname: String,
    /// Simulcast layers, lowest first (RFC 8851); with them the video's SSRCs are not declared. Empty: one layer.
    pub rids: Vec<&'static str>,
}

/// One m-line of the server's description.
#[derive(Debug, Clone, Default)]
pub struct Media {
    /// `audio` or `video`.
    pub kind: String,
    /// `a=mid`.
    pub mid: String,
    /// Port 0: the m-line is refused.
    pub rejected: bool,
    /// Payload types in order.
    pub payload_types: Vec<u8>,
    /// `a=` lines, without the `a=`.
    pub attributes: Vec<String>,
}

impl Media {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.attributes
            .iter()
            .filter_map(move |a| a.strip_prefix(name)?.strip_prefix(':'))
    }

    /// Name of the codec of a payload type, in lower case.
    #[must_use]
    pub fn codec(&self, pt: u8) -> Option<String> {
        let of = |v: &str| {
            Some((
                v.split_once(' ')?.0.parse::<u8>().ok()?,
                v.split_once(' ')?.1.split('/').next()?.to_ascii_lowercase(),
            ))
        };
        self.values("rtpmap")
            .filter_map(of)
            .find(|(n, _)| *n == pt)
            .map(|(_, name)| name)
    }

    /// The first payload type of a codec.
    #[must_use]
    pub fn payload_type(&self, codec: &str) -> Option<u8> {
        self.payload_types
            .iter()
            .copied()
            .find(|pt| self.codec(*pt).as_deref() == Some(codec))
    }

    /// The payload type whose retransmissions a payload type carries (RFC 4588).
    #[must_use]
    pub fn apt(&self, pt: u8) -> Option<u8> {
        let of = |v: &str| {
            let (n, parameters) = v.split_once(' ')?;
            (n.parse() == Ok(pt)).then_some(())?;
            parameters
                .split(';')
                .find_map(|p| p.trim().strip_prefix("apt=")?.parse().ok())
        };
        self.values("fmtp").find_map(of)
    }

    /// Id of a header extension; 0 when it was not negotiated.
    #[must_use]
    fn extension(&self, uri: &str) -> u8 {
        let of = |v: &str| {
            let (id, rest) = v.split_once(' ')?;
            (rest.split(' ').next()? == uri).then_some(())?;
            id.split('/').next()?.parse().ok()
        };
        self.values("extmap").find_map(of).unwrap_or(0)
    }

    /// Id of the transport-wide sequence number.
    #[must_use]
    pub fn twcc_id(&self) -> u8 {
        self.extension(EXT_TWCC)
    }

    /// Id of the mid.
    #[must_use]
    pub fn mid_id(&self) -> u8 {
        self.extension(EXT_MID)
    }

    /// Id of the layer's name (RFC 8852).
    #[must_use]
    pub fn rid_id(&self) -> u8 {
        self.extension(EXT_RID)
    }

    /// Id of the repaired layer's name (RFC 8852).
    #[must_use]
    pub fn rrid_id(&self) -> u8 {
        self.extension(EXT_RRID)
    }

    /// Id of the audio level (RFC 6464).
    #[must_use]
    pub fn audio_level_id(&self) -> u8 {
        self.extension(EXT_AUDIO_LEVEL)
    }

    /// Declared SSRCs, each once, in order.
    #[must_use]
    pub fn ssrcs(&self) -> Vec<u32> {
        let mut out: Vec<u32> = self
            .values("ssrc")
            .filter_map(|v| v.split(' ').next()?.parse().ok())
            .collect();
        out.dedup();
        out
    }

    /// Declared pairs of a source and its retransmissions (RFC 5576).
    #[must_use]
    pub fn rtx_pairs(&self) -> Vec<(u32, u32)> {
        let of = |v: &str| {
            let mut parts = v.strip_prefix("FID ")?.split(' ');
            Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
        };
        self.values("ssrc-group").filter_map(of).collect()
    }
}

/// The server's description.
#[derive(Debug, Clone)]
pub struct Remote {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// `a=setup`.
    pub setup: String,
    /// UDP candidates in order.
    pub candidates: Vec<SocketAddr>,
    /// m-lines in order.
    pub media: Vec<Media>,
}

fn candidate(value: &str) -> Option<SocketAddr> {
    let parts: Vec<&str> = value.split(' ').collect();
    let udp = parts.get(2)?.eq_ignore_ascii_case("udp") && *parts.get(1)? == "1";
    udp.then_some(SocketAddr::new(
        parts.get(4)?.parse().ok()?,
        parts.get(5)?.parse().ok()?,
    ))
}

fn fingerprint(value: &str) -> Option<[u8; 32]> {
    let (algorithm, hex) = value.split_once(' ')?;
    algorithm.eq_ignore_ascii_case("sha-256").then_some(())?;
    let bytes: Option<Vec<u8>> = hex.trim().split(':').map(|b| u8::from_str_radix(b, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Parses a description of the server.
///
/// # Errors
/// When a line that we need is missing or malformed.
pub fn parse(text: &str) -> Result<Remote> {
    ensure!(text.starts_with("v=0"), "not a session description: {:.60}", text);
    let mut session: Vec<String> = Vec::new();
    let mut media: Vec<Media> = Vec::new();
    for line in text.lines() {
        if let Some(m) = line.strip_prefix("m=") {
            let mut parts = m.split(' ');
            let (kind, port, profile) = (parts.next(), parts.next(), parts.next());
            ensure!(profile == Some("UDP/TLS/RTP/SAVPF"), "m-line with another profile: {m}");
            media.push(Media {
                kind: kind.unwrap_or_default().into(),
                rejected: port == Some("0"),
                payload_types: parts.filter_map(|pt| pt.parse().ok()).collect(),
                ..Media::default()
            });
        } else if let Some(attribute) = line.strip_prefix("a=") {
            match media.last_mut() {
                Some(m) => m.attributes.push(attribute.trim_end().into()),
                None => session.push(attribute.trim_end().into()),
            }
        }
    }
    for m in &mut media {
        let mid = m.values("mid").next().map(str::to_owned);
        m.mid = mid.unwrap_or_default();
    }
    let session = Media {
        attributes: session,
        ..Media::default()
    };
    let sections = || std::iter::once(&session).chain(media.iter().filter(|m| !m.rejected));
    let first = |name: &'static str| {
        sections()
            .find_map(|s| s.values(name).next())
            .with_context(|| format!("no a={name} in the server's description"))
    };
    let mut candidates: Vec<SocketAddr> = sections()
        .flat_map(|s| s.values("candidate"))
        .filter_map(candidate)
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    candidates.retain(|c| seen.insert(*c));
    Ok(Remote {
        ufrag: first("ice-ufrag")?.into(),
        pwd: first("ice-pwd")?.into(),
        fingerprint: fingerprint(first("fingerprint")?).context("the server's fingerprint is not SHA-256")?,
        setup: first("setup")?.into(),
        candidates,
        media,
    })
}

impl Remote {
    /// The candidate to use: loopback when the server was reached there, else the first one of IPv4.
    ///
    /// # Errors
    /// When the description has no usable candidate.
    pub fn pick_candidate(&self, prefer_loopback: bool) -> Result<SocketAddr> {
        let loopback = self.candidates.iter().find(|c| c.ip().is_loopback() && c.is_ipv4());
        let first = self.candidates.iter().find(|c| c.is_ipv4());
        let picked = if prefer_loopback {
            loopback.or(first)
        } else {
            first.or(loopback)
        };
        picked
            .copied()
            .context("the server's description has no IPv4 UDP candidate")
    }

    /// The first accepted m-line of a kind.
    #[must_use]
    pub fn first(&self, kind: &str) -> Option<&Media> {
        self.media.iter().find(|m| m.kind == kind && !m.rejected)
    }
}

fn head(out: &mut String, mids: &str) {
    let _ = write!(
        out,
        "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE {mids}\r\n"
    );
    out.push_str("a=extmap-allow-mixed\r\na=msid-semantic: WMS\r\n");
}

fn transport(out: &mut String, local: &Local<'_>, setup: &str) {
    let (ip, port) = (local.address.ip(), local.address.port());
    let _ = write!(
        out,
        "c=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\na=candidate:1 1 udp 2122260223 {ip} {port} typ host generation 0\r\n"
    );
    let _ = write!(
        out,
        "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\na=ice-options:trickle\r\n",
        local.ufrag, local.pwd
    );
    let _ = write!(
        out,
        "a=fingerprint:sha-256 {}\r\na=setup:{setup}\r\n",
        local.fingerprint
    );
}

const AUDIO_CODECS: &str = "a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n";
const VP8_CODEC: &str = "a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:96 VP8/90000\r\na=rtcp-fb:96 goog-remb\r\na=rtcp-fb:96 transport-cc\r\na=rtcp-fb:96 ccm fir\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 nack pli\r\na=rtpmap:97 rtx/90000\r\na=fmtp:97 apt=96\r\n";
const H264_CODEC: &str = "a=rtpmap:102 H264/90000\r\na=rtcp-fb:102 goog-remb\r\na=rtcp-fb:102 transport-cc\r\na=rtcp-fb:102 ccm fir\r\na=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n";

fn audio_line(out: &mut String, local: &Local<'_>, direction: &str) {
    out.push_str("m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n");
    transport(out, local, "actpass");
    let _ = write!(
        out,
        "a=mid:0\r\na=extmap:1 {EXT_AUDIO_LEVEL}\r\na=extmap:3 {EXT_TWCC}\r\na=extmap:4 {EXT_MID}\r\na={direction}\r\n"
    );
    out.push_str(AUDIO_CODECS);
}

fn video_line(out: &mut String, local: &Local<'_>, direction: &str, payload_types: &str) {
    let _ = write!(out, "m=video 9 UDP/TLS/RTP/SAVPF {payload_types}\r\n");
    transport(out, local, "actpass");
    let _ = write!(
        out,
        "a=mid:1\r\na=extmap:3 {EXT_TWCC}\r\na=extmap:4 {EXT_MID}\r\na={direction}\r\n"
    );
    out.push_str(VP8_CODEC);
}

/// The offer of a WHEP viewer: one audio and one video to receive, as a browser writes it.
#[must_use]
pub fn whep_offer(local: &Local<'_>) -> String {
    let mut out = String::with_capacity(2_500);
    head(&mut out, "0 1");
    audio_line(&mut out, local, "recvonly");
    video_line(&mut out, local, "recvonly", "96 97 102 103");
    out.push_str(H264_CODEC);
    out
}

/// The offer of our WHIP publisher: Opus and VP8 with RTX.
#[must_use]
pub fn whip_offer(local: &Local<'_>, sending: &Sending) -> String {
    let mut out = String::with_capacity(2_500);
    let Sending {
        audio_ssrc,
        video_ssrc,
        rtx_ssrc,
        cname,
        rids,
    } = sending;
    head(&mut out, "0 1");
    audio_line(&mut out, local, "sendonly");
    let _ = write!(
        out,
        "a=msid:{cname} audio\r\na=ssrc:{audio_ssrc} cname:{cname}\r\na=ssrc:{audio_ssrc} msid:{cname} audio\r\n"
    );
    video_line(&mut out, local, "sendonly", "96 97");
    let _ = write!(out, "a=msid:{cname} video\r\n");
    if rids.is_empty() {
        let _ = write!(out, "a=ssrc-group:FID {video_ssrc} {rtx_ssrc}\r\n");
        for ssrc in [video_ssrc, rtx_ssrc] {
            let _ = write!(
                out,
                "a=ssrc:{ssrc} cname:{cname}\r\na=ssrc:{ssrc} msid:{cname} video\r\n"
            );
        }
        return out;
    }
    let _ = write!(out, "a=extmap:10 {EXT_RID}\r\na=extmap:11 {EXT_RRID}\r\n");
    for rid in rids {
        let _ = write!(out, "a=rid:{rid} send\r\n");
    }
    let _ = write!(out, "a=simulcast:send {}\r\n", rids.join(";"));
    out
}

/// The answer to a rack offer: every m-line accepted as offered, receive only, we are the DTLS client.
///
/// # Errors
/// When the offer cannot be answered so.
pub fn rack_answer(offer: &Remote, local: &Local<'_>) -> Result<String> {
    if offer.setup == "active" {
        bail!("the rack offer asks us to be the DTLS server");
    }
    let mut out = String::with_capacity(4_000);
    let mids: Vec<&str> = offer
        .media
        .iter()
        .filter(|m| !m.rejected)
        .map(|m| m.mid.as_str())
        .collect();
    head(&mut out, &mids.join(" "));
    for m in &offer.media {
        let pts: Vec<String> = m.payload_types.iter().map(u8::to_string).collect();
        let port = if m.rejected { 0 } else { 9 };
        let _ = write!(out, "m={} {port} UDP/TLS/RTP/SAVPF {}\r\n", m.kind, pts.join(" "));
        transport(&mut out, local, "active");
        let _ = write!(out, "a=mid:{}\r\n", m.mid);
        let direction = if m.rejected { "inactive" } else { "recvonly" };
        let _ = write!(out, "a={direction}\r\na=rtcp-mux\r\n");
        let kept = ["rtpmap:", "fmtp:", "rtcp-fb:", "extmap:", "rtcp-rsize"];
        for attribute in m.attributes.iter().filter(|a| kept.iter().any(|k| a.starts_with(k))) {
            let _ = write!(out, "a={attribute}\r\n");
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
