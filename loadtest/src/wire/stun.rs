// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Connectivity checks of a controlling ICE agent (RFC 8445 section 7, RFC 8489) against an ICE-lite server.

use anyhow::{Context, Result, bail, ensure};
use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLING, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId, is_stun_message};

/// Priority of a peer-reflexive candidate of a host address (RFC 8445 section 5.1.2).
const PRFLX_PRIORITY: u32 = 110 << 24 | 0x00FF_FF00 | 255;

/// Both sides' credentials as a checking agent uses them.
#[derive(Clone)]
pub struct Credentials {
    /// `remote:local`, the username of our checks.
    pub username: String,
    /// Their password: keys our requests and their responses.
    pub password: String,
    /// Tie breaker of the controlling role.
    pub tie_breaker: u64,
}

/// Whether a datagram is STUN (RFC 7983 section 7).
#[must_use]
pub fn is_stun(datagram: &[u8]) -> bool {
    datagram.first().is_some_and(|b| *b < 4) && is_stun_message(datagram)
}

/// Writes a binding request with USE-CANDIDATE.
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
    message.add(ATTR_ICE_CONTROLLING, &credentials.tie_breaker.to_be_bytes());
    message.add(ATTR_USE_CANDIDATE, &[]);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials(password: &str) -> Credentials {
        Credentials {
            username: "them:us".into(),
            password: password.into(),
            tie_breaker: 7,
        }
    }

    fn answer(request: &[u8], password: &str) -> Vec<u8> {
        let provider = rtc_crypto::default_provider().unwrap();
        let mut parsed = Message::new();
        parsed.unmarshal_binary(request).unwrap();
        MessageIntegrity::check(&mut parsed, password.as_bytes(), provider.crypto()).unwrap();
        FINGERPRINT.check(&parsed).unwrap();
        let mut out = Message::new();
        out.transaction_id = parsed.transaction_id;
        out.set_type(BINDING_SUCCESS);
        out.write_header();
        MessageIntegrity::new_short_term_integrity_with_provider(password.into(), provider.crypto())
            .add_to(&mut out)
            .unwrap();
        FINGERPRINT.add_to(&mut out).unwrap();
        out.raw
    }

    #[test]
    fn check_is_answered_and_forgeries_are_refused() {
        let provider = rtc_crypto::default_provider().unwrap();
        let ours = credentials("secret");
        let (id, request) = check(&ours, provider.crypto()).unwrap();
        assert!(is_stun(&request));
        let good = answer(&request, "secret");
        assert_eq!(response(&good, &ours, provider.crypto()).unwrap(), id);
        assert!(response(&good, &credentials("other"), provider.crypto()).is_err());
        for n in 0..good.len() {
            assert!(response(&good[..n], &ours, provider.crypto()).is_err());
        }
    }
}
