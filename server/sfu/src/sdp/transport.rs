// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! ICE, DTLS and BUNDLE attributes of the peer: where its one transport is described and what it says.
//! Our own half is written in `write`.

use super::parse::{Attributes, Description, Section};
use super::{Fingerprint, RemoteTransport, SdpRefusal};

/// Which half of the negotiation the peer wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// It offered, we answer.
    Offers,
    /// We offered `a=setup:actpass`, it answered.
    Answers,
}

/// Reads the peer's transport, which all `accepted` m-lines share (RFC 9143 section 7).
///
/// Its attributes are taken from the first accepted m-line that has them, then from the session, then from any m-line:
/// offers put them on the first m-line of the bundle even when we reject that one.
pub(super) fn remote(
    description: &Description,
    accepted: &[&Section],
    peer: Peer,
) -> Result<RemoteTransport, SdpRefusal> {
    if description.attributes.has("ice-lite") {
        return Err(SdpRefusal::Unsupported(
            "ICE-lite at both ends (nobody would start the checks)",
        ));
    }
    for section in accepted {
        if !section.attributes.has("rtcp-mux") {
            return Err(SdpRefusal::Missing("a=rtcp-mux on an m-line"));
        }
    }
    let levels: Vec<&Attributes> = accepted
        .iter()
        .map(|section| &section.attributes)
        .chain(std::iter::once(&description.attributes))
        .chain(description.media.iter().map(|section| &section.attributes))
        .collect();
    let (ice_ufrag, ice_pwd) = credentials(&levels)?;
    Ok(RemoteTransport {
        ice_ufrag,
        ice_pwd,
        fingerprint: fingerprint(&levels)?,
        we_are_dtls_client: we_are_dtls_client(&levels, peer)?,
    })
}

/// Whether an m-line is in the offer's bundle; a lone m-line needs no group.
pub(super) fn is_bundled(description: &Description, section: &Section) -> bool {
    match description.bundle() {
        Some(mids) => section.mid().is_some_and(|mid| mids.contains(&mid)),
        None => description.media.len() == 1,
    }
}

/// `a=ice-ufrag` and `a=ice-pwd` of one level (RFC 8839 section 5.4).
fn credentials(levels: &[&Attributes]) -> Result<(String, String), SdpRefusal> {
    let mut found: Option<(&str, &str)> = None;
    for level in levels {
        if let (Some(ufrag), Some(pwd)) = (level.value("ice-ufrag"), level.value("ice-pwd")) {
            found = Some((ufrag, pwd));
            break;
        }
    }
    let (ufrag, pwd) = found.ok_or(SdpRefusal::Missing("a=ice-ufrag with a=ice-pwd"))?;
    let is_valid = |text: &str, bytes_min: usize| {
        (bytes_min..=256).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    };
    if !is_valid(ufrag, 4) || !is_valid(pwd, 22) {
        return Err(SdpRefusal::Malformed(
            "a=ice-ufrag or a=ice-pwd is not what RFC 8839 allows".to_owned(),
        ));
    }
    Ok((ufrag.to_owned(), pwd.to_owned()))
}

/// The strongest certificate hash of the first level that has one we know (RFC 8122 section 5).
fn fingerprint(levels: &[&Attributes]) -> Result<Fingerprint, SdpRefusal> {
    let mut unknown = false;
    for level in levels {
        let mut best: Option<Fingerprint> = None;
        for value in level.values("fingerprint") {
            match parse_fingerprint(value)? {
                Some(hash) if best.as_ref().is_none_or(|best| best.bytes.len() < hash.bytes.len()) => best = Some(hash),
                Some(_) => {}
                None => unknown = true,
            }
        }
        if let Some(best) = best {
            return Ok(best);
        }
    }
    Err(if unknown {
        SdpRefusal::Unsupported("a certificate hash other than SHA-256, SHA-384 or SHA-512")
    } else {
        SdpRefusal::Missing("a=fingerprint")
    })
}

/// None for a hash function that we do not accept.
fn parse_fingerprint(value: &str) -> Result<Option<Fingerprint>, SdpRefusal> {
    let malformed = || SdpRefusal::Malformed("a=fingerprint is not a hash in hexadecimal".to_owned());
    let (algorithm, hex) = value.split_once(' ').ok_or_else(malformed)?;
    let algorithm = algorithm.to_ascii_lowercase();
    let len = match algorithm.as_str() {
        "sha-256" => 32,
        "sha-384" => 48,
        "sha-512" => 64,
        _ => return Ok(None),
    };
    let mut bytes = Vec::with_capacity(len);
    for pair in hex.trim().split(':') {
        if pair.len() != 2 || !pair.bytes().all(|b| b.is_ascii_hexdigit()) || bytes.len() == len {
            return Err(malformed());
        }
        bytes.push(u8::from_str_radix(pair, 16).map_err(|_| malformed())?);
    }
    if bytes.len() != len {
        return Err(malformed());
    }
    Ok(Some(Fingerprint { algorithm, bytes }))
}

/// Reads `a=setup` (RFC 8842 section 5).
fn we_are_dtls_client(levels: &[&Attributes], peer: Peer) -> Result<bool, SdpRefusal> {
    let setup = levels
        .iter()
        .find_map(|level| level.value("setup"))
        .ok_or(SdpRefusal::Missing("a=setup"))?;
    match (setup, peer) {
        ("active", _) | ("actpass", Peer::Offers) => Ok(false),
        ("passive", _) => Ok(true),
        ("actpass", Peer::Answers) => Err(SdpRefusal::AnswerMismatch("a=setup must be active or passive")),
        ("holdconn", _) => Err(SdpRefusal::Unsupported("a=setup:holdconn")),
        _ => Err(SdpRefusal::Malformed("a=setup has an unknown value".to_owned())),
    }
}
