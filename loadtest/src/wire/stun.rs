// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Connectivity checks of an ICE agent (RFC 8445 section 7, RFC 8489): against an ICE-lite server as controlling agent,
//! against a full agent in either role, with answers to its checks.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail, ensure};
use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{
    ATTR_ICE_CONTROLLED, ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME,
};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId, is_stun_message};
use rtc_stun::xoraddr::XorMappedAddress;

/// Priority of a peer-reflexive candidate of a host address (RFC 8445 section 5.1.2).
const PRFLX_PRIORITY: u32 = 110 << 24 | 0x00FF_FF00 | 255;

/// Both sides' credentials as a checking agent uses them.
#[derive(Clone)]
pub struct Credentials {
    /// `remote:local`, the username of our checks.
    pub username: String,
    /// Their password: keys our requests and their responses.
    pub password: String,
    /// Tie breaker of our role.
    pub tie_breaker: u64,
    /// The other side nominates: our checks say ICE-CONTROLLED and no USE-CANDIDATE.
    pub is_controlled: bool,
}

/// Whether a datagram is STUN (RFC 7983 section 7).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|b| *b < 4) && is_stun_message(datagram)
}

/// Writes a binding request; the controlling agent's has USE-CANDIDATE.
///
/// # Errors
/// None in practice: the message is ours.
pub fn check(credentials: &Credentials, crypto: &dyn RTCCrypto) -> Result<(TransactionId, Vec<u8>)> {
    let mut message = Message::new();
    let id = TransactionId::new();
    message.transaction_id = id;
    message.set_type(BINDING_REQUEST);
    message.write_header();
    message.add(ATTR_USERNAME, credentials.username.as_bytes());
    let tie_breaker = credentials.tie_breaker.to_be_bytes();
    if credentials.is_controlled {
        message.add(ATTR_ICE_CONTROLLED, &tie_breaker);
    } else {
        message.add(ATTR_ICE_CONTROLLING, &tie_breaker);
        message.add(ATTR_USE_CANDIDATE, &[]);
    }
    message.add(ATTR_PRIORITY, &PRFLX_PRIORITY.to_be_bytes());
    MessageIntegrity::new_short_term_integrity_with_provider(credentials.password.clone(), crypto)
        .add_to(&mut message)
        .context("STUN integrity")?;
    FINGERPRINT.add_to(&mut message).context("STUN fingerprint")?;
    Ok((id, message.raw))
}

/// Reads a binding response, with its integrity and fingerprint verified.
///
/// # Errors
/// When it is malformed, an error response, unsigned or signed with another password.
pub fn response(datagram: &[u8], credentials: &Credentials, crypto: &dyn RTCCrypto) -> Result<TransactionId> {
    let mut message = Message::new();
    message.unmarshal_binary(datagram).context("malformed STUN")?;
    if message.typ != BINDING_SUCCESS {
        bail!("STUN answer is {}", message.typ);
    }
    ensure!(
        message.raw.len() == 20 + message.length as usize,
        "STUN with trailing bytes"
    );
    MessageIntegrity::check(&mut message, credentials.password.as_bytes(), crypto).context("STUN integrity")?;
    FINGERPRINT.check(&message).context("STUN fingerprint")?;
    Ok(message.transaction_id)
}

/// Whether a datagram is a binding request: a check of a full agent. Nothing of it is verified yet.
#[must_use]
pub fn is_request(datagram: &[u8]) -> bool {
    is_stun(datagram) && datagram.starts_with(&BINDING_REQUEST.value().to_be_bytes())
}

/// Whether a datagram is a binding indication: the keepalive of a full agent, which wants no answer (RFC 8445 section 11).
#[must_use]
pub fn is_indication(datagram: &[u8]) -> bool {
    const BINDING_INDICATION: [u8; 2] = [0x00, 0x11];
    is_stun(datagram) && datagram.starts_with(&BINDING_INDICATION)
}

/// Answers a check that came from `from` and is signed with our own password (RFC 8445 section 7.3); says too whether
/// it nominates (USE-CANDIDATE).
///
/// # Errors
/// When it is malformed, unsigned or signed with another password.
pub fn answer(
    datagram: &[u8],
    own_password: &str,
    from: SocketAddr,
    crypto: &dyn RTCCrypto,
) -> Result<(Vec<u8>, bool)> {
    let mut request = Message::new();
    request.unmarshal_binary(datagram).context("malformed STUN")?;
    MessageIntegrity::check(&mut request, own_password.as_bytes(), crypto).context("STUN integrity of a check")?;
    FINGERPRINT.check(&request).context("STUN fingerprint of a check")?;
    let mut out = Message::new();
    out.transaction_id = request.transaction_id;
    out.set_type(BINDING_SUCCESS);
    out.write_header();
    let mapped = XorMappedAddress {
        ip: from.ip(),
        port: from.port(),
    };
    mapped.add_to(&mut out).context("STUN address")?;
    MessageIntegrity::new_short_term_integrity_with_provider(own_password.to_owned(), crypto)
        .add_to(&mut out)
        .context("STUN integrity")?;
    FINGERPRINT.add_to(&mut out).context("STUN fingerprint")?;
    Ok((out.raw, request.contains(ATTR_USE_CANDIDATE)))
}

#[cfg(test)]
mod tests {
    use rtc_stun::message::Getter as _;

    use super::*;

    fn credentials(password: &str) -> Credentials {
        Credentials {
            username: "them:us".into(),
            password: password.into(),
            tie_breaker: 7,
            is_controlled: false,
        }
    }

    #[test]
    fn check_is_answered_and_forgeries_are_refused() {
        let provider = rtc_crypto::default_provider().unwrap();
        let ours = credentials("secret");
        let (id, request) = check(&ours, provider.crypto()).unwrap();
        assert!(is_stun(&request) && is_request(&request));
        let from = SocketAddr::from(([192, 0, 2, 7], 5_000));
        let (good, nominates) = answer(&request, "secret", from, provider.crypto()).unwrap();
        assert!(nominates && !is_request(&good) && !is_indication(&good));
        let indication = [&[0x00, 0x11], &request[2..]].concat();
        assert!(is_indication(&indication) && !is_request(&indication));
        assert!(answer(&request, "other", from, provider.crypto()).is_err());
        assert_eq!(response(&good, &ours, provider.crypto()).unwrap(), id);
        assert!(response(&good, &credentials("other"), provider.crypto()).is_err());
        for n in 0..good.len() {
            assert!(response(&good[..n], &ours, provider.crypto()).is_err());
        }
        let mut parsed = Message::new();
        parsed.unmarshal_binary(&good).unwrap();
        let mut mapped = XorMappedAddress::default();
        mapped.get_from(&parsed).unwrap();
        assert_eq!(SocketAddr::new(mapped.ip, mapped.port), from);
    }

    #[test]
    fn roles_say_so() {
        let provider = rtc_crypto::default_provider().unwrap();
        let has = |credentials: &Credentials| {
            let (_, request) = check(credentials, provider.crypto()).unwrap();
            let mut parsed = Message::new();
            parsed.unmarshal_binary(&request).unwrap();
            [ATTR_ICE_CONTROLLING, ATTR_USE_CANDIDATE, ATTR_ICE_CONTROLLED].map(|a| parsed.contains(a))
        };
        let controlling = credentials("secret");
        assert_eq!(has(&controlling), [true, true, false]);
        let controlled = Credentials {
            is_controlled: true,
            ..controlling
        };
        assert_eq!(has(&controlled), [false, false, true]);
    }
}
