// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Resume tokens: where a participant was, sealed so that the server keeps nothing at rest.
//! AES-256-GCM under a random nonce of 96 bits; a token lives minutes, so nonces cannot run out.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use fiera_protocol::limits::RESUME_TOKEN_TTL_MS;
use fiera_protocol::resume::ResumePlace;
use ring::aead::{Aad, NONCE_LEN, Nonce};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::keys::Keys;

/// Longest token that is looked at, bytes.
const TOKEN_BYTES_MAX: usize = 2_048;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sealed {
    pub(crate) place: ResumePlace,
    pub(crate) identity: Identity,
    until_unix_ms: u64,
}

/// Why a token is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResumeError {
    Invalid,
    Expired,
}

/// Seals a place for [`RESUME_TOKEN_TTL_MS`].
pub(crate) fn seal(keys: &Keys, place: ResumePlace, identity: Identity, now_unix_ms: u64) -> String {
    let sealed = Sealed {
        place,
        identity,
        until_unix_ms: now_unix_ms.saturating_add(RESUME_TOKEN_TTL_MS),
    };
    let mut bytes = serde_json::to_vec(&sealed).unwrap_or_default();
    let nonce: [u8; NONCE_LEN] = keys.random();
    let nonce_of = Nonce::assume_unique_for_key(nonce);
    if keys
        .resume
        .seal_in_place_append_tag(nonce_of, Aad::empty(), &mut bytes)
        .is_err()
    {
        return String::new();
    }
    URL_SAFE_NO_PAD.encode([nonce.as_slice(), &bytes].concat())
}

/// Opens a token.
pub(crate) fn unseal(keys: &Keys, token: &str, now_unix_ms: u64) -> Result<Sealed, ResumeError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(ResumeError::Invalid);
    }
    let mut bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| ResumeError::Invalid)?;
    let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or(ResumeError::Invalid)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| ResumeError::Invalid)?;
    let plain = keys
        .resume
        .open_in_place(nonce, Aad::empty(), sealed)
        .map_err(|_| ResumeError::Invalid)?;
    let sealed: Sealed = serde_json::from_slice(plain).map_err(|_| ResumeError::Invalid)?;
    if sealed.until_unix_ms <= now_unix_ms || sealed.identity.is_expired() {
        return Err(ResumeError::Expired);
    }
    Ok(sealed)
}

#[cfg(test)]
mod tests {
    use super::{ResumeError, seal, unseal};
    use crate::identity::Identity;
    use crate::keys::Keys;
    use fiera_protocol::limits::RESUME_TOKEN_TTL_MS;
    use fiera_protocol::resume::ResumePlace;
    use fiera_protocol::view::Place;

    #[test]
    fn what_was_sealed_comes_back_until_its_time_is_over() {
        let keys = Keys::derive(&[7; 64]).unwrap();
        let identity = Identity::guest(None);
        let place = ResumePlace {
            event: "demo".parse().unwrap(),
            participant: identity.participant,
            room: Some("main".parse().unwrap()),
            place: Place::OnAir,
            epoch: 1,
            generation: 2,
        };
        let token = seal(&keys, place.clone(), identity.clone(), 1_000);
        let back = unseal(&keys, &token, 1_000 + RESUME_TOKEN_TTL_MS - 1).unwrap();
        assert_eq!((back.place, back.identity), (place, identity));
        assert_eq!(
            unseal(&keys, &token, 1_000 + RESUME_TOKEN_TTL_MS),
            Err(ResumeError::Expired)
        );
        let other = Keys::derive(&[8; 64]).unwrap();
        assert_eq!(unseal(&other, &token, 1_000), Err(ResumeError::Invalid));
        let cut = &token[..token.len() - 2];
        for bad in ["", "x", "AAAA", cut] {
            assert_eq!(unseal(&keys, bad, 1_000), Err(ResumeError::Invalid));
        }
    }
}
