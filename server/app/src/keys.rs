// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The server's secret and what is derived from it: keys for tokens, cookies, resume tokens and WHIP identities.
//! The secret itself leaves this module only into its file.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, bail};
use axum_extra::extract::cookie;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use ring::{aead, hkdf, hmac};

const SECRET_BYTES: usize = 64;
const FILE: &str = "secret.key";

/// All keys of one server.
pub struct Keys {
    pub(crate) token: [u8; 32],
    pub(crate) cookie: cookie::Key,
    pub(crate) resume: aead::LessSafeKey,
    pub(crate) program: hmac::Key,
    /// Secret of the relay's credentials.
    pub(crate) relay: [u8; 32],
    pub(crate) random: SystemRandom,
}

impl Keys {
    /// Whether the data folder has a key.
    #[must_use]
    pub fn exist(data: &Path) -> bool {
        data.join(FILE).exists()
    }

    /// Reads `secret.key` in the data folder, or makes it (mode 0600) where there is none.
    ///
    /// # Errors
    /// Where the folder cannot be made or the file cannot be read, written, or holds something else.
    pub fn load_or_create(data: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data).with_context(|| format!("cannot make the data folder {}", data.display()))?;
        let file = data.join(FILE);
        if !file.exists() {
            create(data, &file).with_context(|| format!("cannot write {}", file.display()))?;
        }
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        match STANDARD.decode(text.trim()) {
            Ok(secret) if secret.len() == SECRET_BYTES => Self::derive(&secret),
            _ => bail!(
                "{} does not hold a secret of this program; restore it or move it away",
                file.display()
            ),
        }
    }

    /// Keys from a secret of at least 32 random bytes.
    ///
    /// # Errors
    /// Never in practice; key derivation has fixed sizes.
    pub fn derive(secret: &[u8]) -> anyhow::Result<Self> {
        let root = hkdf::Salt::new(hkdf::HKDF_SHA256, b"fiera/1").extract(secret);
        let resume = expand::<32>(&root, b"resume")?;
        let resume = aead::UnboundKey::new(&aead::AES_256_GCM, &resume).map_err(|_| anyhow::anyhow!("resume key"))?;
        Ok(Self {
            token: expand(&root, b"token")?,
            cookie: cookie::Key::from(&expand::<64>(&root, b"cookie")?),
            resume: aead::LessSafeKey::new(resume),
            program: hmac::Key::new(hmac::HMAC_SHA256, &expand::<32>(&root, b"program")?),
            relay: expand(&root, b"relay")?,
            random: SystemRandom::new(),
        })
    }

    /// Under which name a server of this data folder holds its events: the same after a crash, so that it needs not wait
    /// for its own lease to run out.
    pub(crate) fn holder(&self) -> String {
        let tag = hmac::sign(&self.program, b"holder");
        tag.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What tells the calendar entries of this server from those of another one with the same events.
    pub(crate) fn calendar_tag(&self) -> String {
        let tag = hmac::sign(&self.program, b"calendar");
        tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Random bytes from the system.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        // The system's generator fails only where the machine is unusable; ids and nonces must not be guessed then.
        assert!(
            self.random.fill(&mut bytes).is_ok(),
            "the system gives no random numbers"
        );
        bytes
    }
}

struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn expand<const N: usize>(root: &hkdf::Prk, label: &[u8]) -> anyhow::Result<[u8; N]> {
    let mut out = [0; N];
    root.expand(&[label], Length(N))
        .and_then(|okm| okm.fill(&mut out))
        .map_err(|_| anyhow::anyhow!("key derivation failed"))?;
    Ok(out)
}

fn create(data: &Path, file: &Path) -> anyhow::Result<()> {
    let mut secret = [0; SECRET_BYTES];
    if SystemRandom::new().fill(&mut secret).is_err() {
        bail!("the system gives no random numbers");
    }
    let draft = data.join(format!("{FILE}.{}", std::process::id()));
    let mut out = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&draft)?;
    writeln!(out, "{}", STANDARD.encode(secret))?;
    out.sync_all()?;
    // A link fails where another command was faster; then its secret is the one.
    let linked = fs::hard_link(&draft, file);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}
