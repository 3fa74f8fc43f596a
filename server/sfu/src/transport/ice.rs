// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! ICE-lite (RFC 8445 section 2.5) on STUN (RFC 8489): answers binding requests without any state of its own, and
//! makes the one check of ours that proves a changed address.

use std::net::SocketAddr;

use rtc_crypto::RTCCrypto;
use rtc_stun::attributes::{ATTR_ICE_CONTROLLED, ATTR_PRIORITY, ATTR_USE_CANDIDATE, ATTR_USERNAME};
use rtc_stun::fingerprint::FINGERPRINT;
use rtc_stun::integrity::MessageIntegrity;
use rtc_stun::message::{BINDING_REQUEST, BINDING_SUCCESS, Message, Setter, TransactionId};
use rtc_stun::textattrs::TextAttribute;
use rtc_stun::xoraddr::XorMappedAddress;

/// Longest STUN message that is looked at, bytes.
pub const STUN_BYTES_MAX: usize = 548;
const HEADER_BYTES: usize = 20;
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];
const TYPE_REQUEST: u16 = 0x0001;
const TYPE_SUCCESS: u16 = 0x0101;
const ATTRIBUTES_MAX: usize = 24;

/// Why a STUN message is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StunRefusal {
    /// Not a well-formed STUN message.
    Malformed,
    /// Neither a binding request nor its answer.
    NotBinding,
    /// No such `USERNAME`.
    UnknownUser,
    /// `MESSAGE-INTEGRITY` or `FINGERPRINT` is wrong or missing.
    Integrity,
}

/// What a datagram claims to be; nothing of it is proved yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim<'a> {
    /// A binding request for the connection with this `ice-ufrag` of ours.
    Request {
        /// First half of `USERNAME`.
        local_ufrag: &'a str,
    },
    /// A success response to a check of ours.
    Response {
        /// Its transaction.
        transaction: [u8; 12],
    },
}

/// Reads what is needed to find the connection, without allocation and before any HMAC.
///
/// # Errors
/// [`StunRefusal`] when the message is not one that an ICE-lite agent expects.
pub fn claim(datagram: &[u8]) -> Result<Claim<'_>, StunRefusal> {
    let header = datagram.first_chunk::<HEADER_BYTES>().ok_or(StunRefusal::Malformed)?;
    let [t0, t1, l0, l1, c0, c1, c2, c3, transaction @ ..] = *header;
    let length = usize::from(u16::from_be_bytes([l0, l1]));
    if [c0, c1, c2, c3] != MAGIC_COOKIE || length % 4 != 0 || length + HEADER_BYTES != datagram.len() {
        return Err(StunRefusal::Malformed);
    }
    if datagram.len() > STUN_BYTES_MAX {
        return Err(StunRefusal::Malformed);
    }
    match u16::from_be_bytes([t0, t1]) {
        TYPE_SUCCESS => Ok(Claim::Response { transaction }),
        TYPE_REQUEST => {
            let user = find(datagram, ATTR_USERNAME.value()).ok_or(StunRefusal::UnknownUser)?;
            let user = std::str::from_utf8(user).map_err(|_| StunRefusal::Malformed)?;
            let (local_ufrag, _) = user.split_once(':').ok_or(StunRefusal::UnknownUser)?;
            Ok(Claim::Request { local_ufrag })
        }
        _ => Err(StunRefusal::NotBinding),
    }
}

/// Value of the first attribute of a type.
fn find(datagram: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = datagram.get(HEADER_BYTES..)?;
    for _ in 0..ATTRIBUTES_MAX {
        let [t0, t1, l0, l1] = *rest.first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([l0, l1]));
        let value = rest.get(4..4 + length)?;
        if u16::from_be_bytes([t0, t1]) == wanted {
            return Some(value);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

/// A binding request whose integrity is proved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvedRequest {
    /// Its transaction.
    pub transaction: [u8; 12],
    /// Whether it nominates the pair it came on (RFC 8445 section 7.3.1.5).
    pub use_candidate: bool,
}

fn verified(datagram: &[u8], password: &str, crypto: &dyn RTCCrypto) -> Result<Message, StunRefusal> {
    let mut message = Message::new();
    message.unmarshal_binary(datagram).map_err(|_| StunRefusal::Malformed)?;
    MessageIntegrity::check(&mut message, password.as_bytes(), crypto).map_err(|_| StunRefusal::Integrity)?;
    FINGERPRINT.check(&message).map_err(|_| StunRefusal::Integrity)?;
    Ok(message)
}

/// Proves a binding request with our password.
///
/// # Errors
/// [`StunRefusal::Integrity`] when it was not made with our password.
pub fn prove_request(
    datagram: &[u8],
    local_password: &str,
    crypto: &dyn RTCCrypto,
) -> Result<ProvedRequest, StunRefusal> {
    let message = verified(datagram, local_password, crypto)?;
    Ok(ProvedRequest {
        transaction: message.transaction_id.0,
        use_candidate: message.contains(ATTR_USE_CANDIDATE),
    })
}

/// Proves an answer to a check of ours with the peer's password.
///
/// # Errors
/// [`StunRefusal::Integrity`] when the peer did not make it.
pub fn prove_response(datagram: &[u8], remote_password: &str, crypto: &dyn RTCCrypto) -> Result<(), StunRefusal> {
    verified(datagram, remote_password, crypto).map(|_| ())
}

fn build(setters: &[Box<dyn Setter + '_>]) -> Option<Vec<u8>> {
    let mut message = Message::new();
    message.build(setters).ok()?;
    Some(message.raw)
}

/// The success response to a proved request.
#[must_use]
pub fn success(
    transaction: [u8; 12],
    from: SocketAddr,
    local_password: &str,
    crypto: &dyn RTCCrypto,
) -> Option<Vec<u8>> {
    build(&[
        Box::new(TransactionId(transaction)),
        Box::new(BINDING_SUCCESS),
        Box::new(XorMappedAddress {
            ip: from.ip(),
            port: from.port(),
        }),
        Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
            local_password.to_owned(),
            crypto,
        )),
        Box::new(FINGERPRINT),
    ])
}

struct Raw(rtc_stun::attributes::AttrType, Vec<u8>);

impl Setter for Raw {
    fn add_to(&self, message: &mut Message) -> rtc_shared::error::Result<()> {
        message.add(self.0, &self.1);
        Ok(())
    }
}

/// A binding request of ours, to learn whether the peer really is at an address.
#[must_use]
pub fn check(
    transaction: [u8; 12],
    remote_ufrag: &str,
    local_ufrag: &str,
    remote_password: &str,
    crypto: &dyn RTCCrypto,
) -> Option<Vec<u8>> {
    // RFC 8445 section 7.1.1: any priority will do for a check that nominates nothing; the tie-breaker is never compared.
    build(&[
        Box::new(TransactionId(transaction)),
        Box::new(BINDING_REQUEST),
        Box::new(TextAttribute::new(
            ATTR_USERNAME,
            format!("{remote_ufrag}:{local_ufrag}"),
        )),
        Box::new(Raw(ATTR_PRIORITY, 1_845_501_695_u32.to_be_bytes().to_vec())),
        Box::new(Raw(ATTR_ICE_CONTROLLED, 1_u64.to_be_bytes().to_vec())),
        Box::new(MessageIntegrity::new_short_term_integrity_with_provider(
            remote_password.to_owned(),
            crypto,
        )),
        Box::new(FINGERPRINT),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn provider() -> std::sync::Arc<dyn rtc_crypto::RTCCryptoProvider> {
        rtc_crypto::default_provider().expect("ring is built in")
    }

    fn request(password: &str) -> Vec<u8> {
        check([9; 12], "serverfr", "clientfr", password, provider().crypto()).expect("builds")
    }

    #[test]
    fn a_request_names_our_fragment_before_any_hmac() {
        let datagram = request("password-password-123456");
        assert_eq!(
            claim(&datagram),
            Ok(Claim::Request {
                local_ufrag: "serverfr"
            })
        );
    }

    #[test]
    fn only_the_right_password_proves_a_request() {
        let datagram = request("password-password-123456");
        let provider = provider();
        let proved = prove_request(&datagram, "password-password-123456", provider.crypto());
        assert_eq!(
            proved,
            Ok(ProvedRequest {
                transaction: [9; 12],
                use_candidate: false
            })
        );
        let refused = prove_request(&datagram, "another-password-1234567", provider.crypto());
        assert_eq!(refused, Err(StunRefusal::Integrity));
    }

    #[test]
    fn a_request_without_integrity_is_refused() {
        let datagram = build(&[
            Box::new(TransactionId([1; 12])),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, "serverfr:x".to_owned())),
        ])
        .expect("builds");
        assert_eq!(
            prove_request(&datagram, "p", provider().crypto()),
            Err(StunRefusal::Integrity)
        );
    }

    #[test]
    fn a_success_response_is_proved_by_its_maker() {
        let from = SocketAddr::from(([192, 0, 2, 7], 4_000));
        let provider = provider();
        let datagram = success([3; 12], from, "secret", provider.crypto()).expect("builds");
        assert_eq!(claim(&datagram), Ok(Claim::Response { transaction: [3; 12] }));
        assert_eq!(prove_response(&datagram, "secret", provider.crypto()), Ok(()));
        assert_eq!(
            prove_response(&datagram, "other", provider.crypto()),
            Err(StunRefusal::Integrity)
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_without_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..600), stun in any::<bool>()) {
            if stun && bytes.len() >= 20 {
                let length = u16::try_from(bytes.len() - 20).unwrap_or(0).to_be_bytes();
                bytes[..2].copy_from_slice(&[0, 1]);
                bytes[2..4].copy_from_slice(&length);
                bytes[4..8].copy_from_slice(&MAGIC_COOKIE);
            }
            let _ = claim(&bytes);
            prop_assert!(prove_request(&bytes, "x", provider().crypto()).is_err());
        }
    }
}
