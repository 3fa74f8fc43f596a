// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Signed tokens: who may be what in which event, until when. JWT with HS256 (RFC 7519), signed by `ring`.
//! A token names a role, never a person: everyone who opens its link becomes a participant of their own.

use std::time::{SystemTime, UNIX_EPOCH};

use fiera_protocol::ids::{DisplayName, EventId, Role};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result as JwtResult};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use ring::hmac;
use serde::{Deserialize, Serialize};

use crate::keys::Keys;

/// What a token grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The event it is good for.
    pub event: EventId,
    /// The role in it.
    pub role: Role,
    /// Name to be shown unless another is chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DisplayName>,
    /// End of life, seconds since 1970.
    #[serde(rename = "exp")]
    pub expires_unix_s: u64,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not a token of this server.
    #[error("This link or token is not valid here. Ask the organiser for a new one.")]
    Invalid,
    /// Right once.
    #[error("This link or token has expired. Ask the organiser for a new one.")]
    Expired,
    /// Of another event.
    #[error("This link or token is for another event. Use the link of this event.")]
    OtherEvent,
}

/// Writes a signed token.
///
/// # Errors
/// Never in practice: the claims are plain text and numbers.
pub fn sign(keys: &Keys, grant: &Grant) -> anyhow::Result<String> {
    install();
    let key = EncodingKey::from_secret(&keys.token);
    Ok(jsonwebtoken::encode(&Header::new(Algorithm::HS256), grant, &key)?)
}

/// Checks signature, end of life and event.
///
/// # Errors
/// [`TokenError`]; nothing of a token with a wrong signature is looked at.
pub fn verify(keys: &Keys, token: &str, event: &EventId) -> Result<Grant, TokenError> {
    install();
    let mut rules = Validation::new(Algorithm::HS256);
    rules.leeway = 0;
    let key = DecodingKey::from_secret(&keys.token);
    let grant = jsonwebtoken::decode::<Grant>(token, &key, &rules)
        .map_err(|error| match error.kind() {
            ErrorKind::ExpiredSignature => TokenError::Expired,
            _ => TokenError::Invalid,
        })?
        .claims;
    if grant.event == *event {
        Ok(grant)
    } else {
        Err(TokenError::OtherEvent)
    }
}

/// Seconds since 1970.
#[must_use]
pub fn unix_s() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |passed| passed.as_secs())
}

/// Milliseconds since 1970.
#[must_use]
pub fn unix_ms() -> u64 {
    let passed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(passed.as_millis()).unwrap_or(u64::MAX)
}

/// HS256 by `ring`: the library's own providers bring RSA and elliptic curves that nothing here uses.
static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        check(*algorithm)?;
        Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))) as Box<dyn JwtSigner>)
    },
    verifier_factory: |algorithm, key| {
        check(*algorithm)?;
        Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?))) as Box<dyn JwtVerifier>)
    },
    key_utils: KeyUtils::new_unimplemented(),
};

fn install() {
    // A second installation is refused, which is what is wanted: the first one stays.
    let _ = PROVIDER.install_default();
}

fn check(algorithm: Algorithm) -> JwtResult<()> {
    if algorithm == Algorithm::HS256 {
        Ok(())
    } else {
        Err(ErrorKind::InvalidAlgorithm.into())
    }
}

struct Hs256(hmac::Key);

impl signature::Signer<Vec<u8>> for Hs256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl signature::Verifier<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], tag: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, tag).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

#[cfg(test)]
mod tests {
    use super::{Grant, TokenError, sign, unix_s, verify};
    use crate::keys::Keys;
    use fiera_protocol::ids::{EventId, Role};

    fn grant(event: &str, expires_unix_s: u64) -> Grant {
        Grant {
            event: event.parse().unwrap(),
            role: Role::Speaker,
            name: None,
            expires_unix_s,
        }
    }

    #[test]
    fn a_token_is_good_for_its_event_until_its_end() {
        let keys = Keys::derive(&[7; 64]).unwrap();
        let demo: EventId = "demo".parse().unwrap();
        let good = grant("demo", unix_s() + 60);
        let token = sign(&keys, &good).unwrap();
        assert_eq!(verify(&keys, &token, &demo), Ok(good));
        assert_eq!(
            verify(&keys, &token, &"other".parse().unwrap()),
            Err(TokenError::OtherEvent)
        );
        let late = sign(&keys, &grant("demo", unix_s() - 1)).unwrap();
        assert_eq!(verify(&keys, &late, &demo), Err(TokenError::Expired));
    }

    #[test]
    fn a_token_that_this_server_did_not_sign_is_invalid() {
        let keys = Keys::derive(&[7; 64]).unwrap();
        let others = Keys::derive(&[8; 64]).unwrap();
        let demo: EventId = "demo".parse().unwrap();
        let token = sign(&others, &grant("demo", unix_s() + 60)).unwrap();
        let unsigned = "eyJhbGciOiJub25lIn0.eyJldmVudCI6ImRlbW8iLCJyb2xlIjoib3JnYW5pc2VyIiwiZXhwIjo5OTk5OTk5OTk5fQ.";
        for bad in [token.as_str(), unsigned, "", "a.b", "a.b.c", "é.é.é"] {
            assert_eq!(verify(&keys, bad, &demo), Err(TokenError::Invalid), "{bad}");
        }
    }
}
