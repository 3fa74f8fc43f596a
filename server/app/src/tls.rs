// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! HTTPS: a given certificate, or one made here for a local network. The crypto is `ring`.

use std::fs;
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// Reads chain and key.
pub(crate) fn from_files(cert: &Path, key: &Path) -> anyhow::Result<RustlsConfig> {
    let chain = fs::read(cert).with_context(|| format!("cannot read the certificate {}", cert.display()))?;
    let key_text = fs::read(key).with_context(|| format!("cannot read the key {}", key.display()))?;
    from_pem(&chain, &key_text).with_context(|| format!("{} and {} cannot be used", cert.display(), key.display()))
}

/// Makes a certificate for this machine's names and keeps it in the data folder, so that people who accepted it
/// once are not asked again after each start.
pub(crate) fn self_signed(data: &Path, addresses: &[IpAddr]) -> anyhow::Result<RustlsConfig> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(addresses.iter().map(IpAddr::to_string));
    names.sort();
    names.dedup();
    let label = names.join(",");
    let (cert_file, key_file) = (data.join("self-signed.crt"), data.join("self-signed.key"));
    let names_file = data.join("self-signed.names");
    if fs::read_to_string(&names_file).is_ok_and(|kept| kept == label)
        && let Ok(config) = from_files(&cert_file, &key_file)
    {
        return Ok(config);
    }
    let made = rcgen::generate_simple_self_signed(names).context("cannot make a certificate")?;
    let (cert, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    write_private(&key_file, &key)?;
    write_private(&cert_file, &cert)?;
    write_private(&names_file, &label)?;
    from_pem(cert.as_bytes(), key.as_bytes())
}

fn write_private(file: &Path, text: &str) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut out = options
        .open(file)
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(out.write_all(text.as_bytes())?)
}

fn from_pem(chain: &[u8], key: &[u8]) -> anyhow::Result<RustlsConfig> {
    let chain = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<Vec<_>, _>>()
        .context("not a PEM certificate")?;
    if chain.is_empty() {
        bail!("there is no certificate in it");
    }
    let key = PrivateKeyDer::from_pem_slice(key).context("not a PEM key")?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("the key does not fit the certificate")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(RustlsConfig::from_config(Arc::new(config)))
}
