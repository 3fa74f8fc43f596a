// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Our certificate and random values: one certificate per process, as one browser has.

use std::sync::Arc;

use anyhow::{Context, Result};
use ring::rand::{SecureRandom, SystemRandom};
use rtc_crypto::{HashAlgorithm, RTCCryptoProvider};
use rtc_dtls::config::{
    ClientAuthType, ConfigBuilder, ExtendedMasterSecretType, HandshakeConfig, VerifyPeerCertificateFn,
};
use rtc_dtls::crypto::Certificate;
use rtc_dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc_shared::error::Error as RtcError;

/// Which SRTP profiles we name in the handshake, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profiles {
    /// AES-128-GCM, then CM_SHA1_80 (as Firefox orders them).
    GcmFirst,
    /// CM_SHA1_80, then AES-128-GCM (as Chromium orders them).
    CmFirst,
    /// CM_SHA1_80 alone.
    CmOnly,
}

/// Certificate and provider of this process.
#[derive(Clone)]
pub struct Identity {
    /// Cryptography of the DTLS and STUN crates.
    pub provider: Arc<dyn RTCCryptoProvider>,
    /// `AB:CD:...`, SHA-256.
    pub fingerprint: String,
    certificate: Certificate,
    profiles: Profiles,
}

impl Identity {
    /// Makes a fresh self-signed certificate.
    ///
    /// # Errors
    /// When the system gives no randomness.
    pub fn new(profiles: Profiles) -> Result<Self> {
        let provider = rtc_crypto::default_provider().context("no cryptography")?;
        let certificate = Certificate::generate_self_signed(vec!["fiera-loadtest".to_owned()], provider.crypto())
            .context("self-signed certificate")?;
        let der = certificate.certificate.first().context("empty certificate")?;
        let hash = provider.crypto().hash(HashAlgorithm::Sha256, der).context("SHA-256")?;
        let fingerprint = hash.iter().map(|b| format!("{b:02X}")).collect::<Vec<_>>().join(":");
        Ok(Self {
            provider,
            fingerprint,
            certificate,
            profiles,
        })
    }

    /// DTLS settings towards a peer that must show this certificate (RFC 8122).
    ///
    /// # Errors
    /// When the crate refuses the settings.
    pub fn handshake(&self, peer_fingerprint: [u8; 32], is_client: bool) -> Result<Arc<HandshakeConfig>> {
        let provider = self.provider.clone();
        let verify: VerifyPeerCertificateFn = Arc::new(move |chain, _| {
            let der = chain.first().ok_or(RtcError::ErrNonCertificate)?;
            let hash = provider
                .crypto()
                .hash(HashAlgorithm::Sha256, der)
                .map_err(|e| RtcError::Crypto(e.to_string()))?;
            if hash == peer_fingerprint {
                Ok(())
            } else {
                Err(RtcError::ErrNoMatchingCertificateFingerprint)
            }
        });
        let (gcm, cm) = (
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        );
        let profiles = match self.profiles {
            Profiles::GcmFirst => vec![gcm, cm],
            Profiles::CmFirst => vec![cm, gcm],
            Profiles::CmOnly => vec![cm],
        };
        let config = ConfigBuilder::default()
            .with_crypto_provider(self.provider.clone())
            .with_certificates(vec![self.certificate.clone()])
            .with_srtp_protection_profiles(profiles)
            .with_client_auth(ClientAuthType::RequireAnyClientCert)
            .with_insecure_skip_verify(true)
            .with_verify_peer_certificate(Some(verify))
            .with_extended_master_secret(ExtendedMasterSecretType::Require)
            .build(is_client, None)
            .context("DTLS settings")?;
        Ok(Arc::new(config))
    }
}

/// Random bytes of the system.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut out = [0; N];
    // Without randomness there is nothing secret in a load test; zeros only make ids collide visibly.
    let _ = SystemRandom::new().fill(&mut out);
    out
}

/// A random 32-bit number.
#[must_use]
pub fn random_u32() -> u32 {
    u32::from_ne_bytes(random())
}

/// Random text of `N` ICE characters (RFC 8839 section 5.4).
#[must_use]
pub fn random_ice_chars<const N: usize>() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    random::<N>()
        .iter()
        .map(|b| char::from(ALPHABET[usize::from(*b & 63)]))
        .collect()
}
