// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Settings of `fiera serve`: flag, then environment, then file, then default.
//! It reads one file and knows nothing of what the settings do.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;

use crate::fair::{Fair, line_of};

/// What can be set, in all three places under the same name.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Settings {
    /// Address for HTTP and WebSocket [default: 0.0.0.0:8080].
    #[arg(long, env = "FIERA_LISTEN", value_name = "IP:PORT")]
    pub listen: Option<SocketAddr>,
    /// UDP port for media [default: 8443].
    #[arg(long, env = "FIERA_MEDIA_PORT", value_name = "PORT")]
    pub media_port: Option<u16>,
    /// A port of its own for TURN, UDP and TCP; 3478 is the usual one [default: none].
    #[arg(long, env = "FIERA_TURN_PORT", value_name = "PORT")]
    pub turn_port: Option<u16>,
    /// A TCP port of its own for TURN within TLS, with the certificate of HTTPS; 5349 is the usual one [default: none].
    #[arg(long, env = "FIERA_TURN_TLS_PORT", value_name = "PORT")]
    pub turn_tls_port: Option<u16>,
    /// Media threads [default: one per core].
    #[arg(long, env = "FIERA_MEDIA_THREADS", value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub media_threads: Option<u16>,
    /// Address that clients reach this machine at, best first; may be given several times [default: all of this machine].
    #[arg(long, env = "FIERA_ADVERTISE", value_name = "IP", value_delimiter = ',')]
    pub advertise: Vec<IpAddr>,
    /// Folder for the secret key and what must survive a restart [default: data].
    #[arg(long, env = "FIERA_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Opens a demo event and prints a link for each role.
    #[arg(long, env = "FIERA_DEMO", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub demo: Option<bool>,
    /// HTTPS with a certificate made here, for a local network.
    #[arg(long, env = "FIERA_TLS_SELF_SIGNED", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub tls_self_signed: Option<bool>,
    /// HTTPS with this certificate chain (PEM).
    #[arg(long, env = "FIERA_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[arg(long, env = "FIERA_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// HTTPS ends at a proxy in front of this server: cookies are for HTTPS alone, and the proxy's last entry in
    /// X-Forwarded-For is who asks.
    #[arg(long, env = "FIERA_BEHIND_HTTPS", num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL")]
    pub behind_https: Option<bool>,
    /// A port for operators with what each connection gets and why; addresses of this machine alone, such as
    /// 127.0.0.1:9090 [default: none].
    #[arg(long, env = "FIERA_ADMIN_LISTEN", value_name = "IP:PORT")]
    pub admin_listen: Option<SocketAddr>,
    /// Events, in the file only: `[[event]]`.
    #[arg(skip)]
    #[serde(rename = "event")]
    pub events: Vec<Fair>,
}

/// How HTTP is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP; browsers then allow cameras on localhost only.
    Off,
    /// A certificate made here.
    SelfSigned,
    /// A given certificate.
    Files {
        /// Chain, PEM.
        cert: PathBuf,
        /// Key, PEM.
        key: PathBuf,
    },
}

/// All settings, decided.
#[derive(Debug, Clone)]
pub struct Config {
    /// HTTP address.
    pub listen: SocketAddr,
    /// UDP port for media; 0 for any.
    pub media_port: u16,
    /// Media threads; none: one per core.
    pub media_threads: Option<u16>,
    /// TURN's own port, UDP and TCP.
    pub turn_port: Option<u16>,
    /// TURN's own port for TLS.
    pub turn_tls_port: Option<u16>,
    /// Advertised addresses; empty: all of this machine.
    pub advertise: Vec<IpAddr>,
    /// Data folder.
    pub data: PathBuf,
    /// HTTPS or not.
    pub tls: Tls,
    /// Whether the demo event is among the events.
    pub demo: bool,
    /// Whether HTTPS ends at a proxy in front.
    pub behind_https: bool,
    /// The port for operators.
    pub admin_listen: Option<SocketAddr>,
    /// The events of the file.
    pub events: Vec<Fair>,
}

impl Config {
    /// Whether people come by HTTPS.
    #[must_use]
    pub fn secure(&self) -> bool {
        self.tls != Tls::Off || self.behind_https
    }

    /// Puts `given` (flags and environment) over the file over the defaults.
    ///
    /// # Errors
    /// The file cannot be read or has unknown keys, or settings contradict each other.
    pub fn resolve(given: Settings, file: Option<&Path>) -> anyhow::Result<Self> {
        let file = match file {
            None => Settings::default(),
            Some(path) => read(path)?,
        };
        let demo = given.demo.or(file.demo).unwrap_or(false);
        let tls = tls(&given)?.map_or_else(|| tls(&file), |tls| Ok(Some(tls)))?;
        Ok(Self {
            listen: given
                .listen
                .or(file.listen)
                .unwrap_or(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8_080))),
            media_port: given.media_port.or(file.media_port).unwrap_or(8_443),
            media_threads: given.media_threads.or(file.media_threads),
            turn_port: given.turn_port.or(file.turn_port),
            turn_tls_port: given.turn_tls_port.or(file.turn_tls_port),
            advertise: if given.advertise.is_empty() {
                file.advertise
            } else {
                given.advertise
            },
            data: given.data.or(file.data).unwrap_or_else(|| PathBuf::from("data")),
            tls: tls.unwrap_or(Tls::Off),
            demo,
            behind_https: given.behind_https.or(file.behind_https).unwrap_or(false),
            admin_listen: given.admin_listen.or(file.admin_listen),
            events: file.events,
        })
    }
}

fn read(path: &Path) -> anyhow::Result<Settings> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let settings: Settings = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(0, |span| line_of(&text, span.start));
        anyhow::anyhow!("{}, line {line}: {}", path.display(), error.message().trim())
    })?;
    for fair in &settings.events {
        fair.check(&text).with_context(|| path.display().to_string())?;
    }
    Ok(settings)
}

fn tls(settings: &Settings) -> anyhow::Result<Option<Tls>> {
    let self_signed = settings.tls_self_signed.unwrap_or(false);
    match (self_signed, &settings.tls_cert, &settings.tls_key) {
        (true, None, None) => Ok(Some(Tls::SelfSigned)),
        (false, Some(cert), Some(key)) => Ok(Some(Tls::Files {
            cert: cert.clone(),
            key: key.clone(),
        })),
        (false, None, None) => Ok(settings.tls_self_signed.map(|_| Tls::Off)),
        (true, ..) => bail!("a self-signed certificate and a given one exclude each other; choose one"),
        _ => bail!("a certificate needs both tls-cert and tls-key"),
    }
}

/// Short name of the demo event.
pub const DEMO: &str = "demo";

/// The demo event as it is set up unless another one of this id is.
pub const DEMO_FAIR: &str = include_str!("../demo.toml");

#[cfg(test)]
mod tests {
    use super::{Config, Settings, Tls};
    use std::io::Write;

    fn file(text: &str) -> (std::path::PathBuf, impl Drop) {
        struct Gone(std::path::PathBuf);
        impl Drop for Gone {
            fn drop(&mut self) {
                let _ = std::fs::remove_file(&self.0);
            }
        }
        let path = std::env::temp_dir().join(format!("fiera-config-{}.toml", uuid::Uuid::new_v4()));
        std::fs::File::create(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        (path.clone(), Gone(path))
    }

    #[test]
    fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
        let (path, _gone) = file("listen = \"127.0.0.1:1\"\nmedia-port = 2\ntls-self-signed = true\n");
        let given = Settings {
            media_port: Some(3),
            ..Settings::default()
        };
        let config = Config::resolve(given, Some(&path)).unwrap();
        assert_eq!(config.listen.to_string(), "127.0.0.1:1");
        assert_eq!(config.media_port, 3);
        assert_eq!(config.data.to_str(), Some("data"));
        assert_eq!(config.tls, Tls::SelfSigned);
        assert!(!config.demo);
    }

    #[test]
    fn the_example_can_be_used() {
        let example: Settings = toml::from_str(include_str!("../fiera.example.toml")).unwrap();
        assert_eq!(example.events[0].rooms.len(), 2);
        let config = Config::resolve(example, None).unwrap();
        assert_eq!(config.tls, Tls::SelfSigned);
    }

    #[test]
    fn unknown_keys_and_contradictions_are_refused() {
        for text in [
            "listne = \"x\"",
            "tls-cert = \"a\"",
            "[[event]]\nid = \"a\"\ntitle = \"A\"\nrooom = 1",
        ] {
            let (path, _gone) = file(text);
            assert!(Config::resolve(Settings::default(), Some(&path)).is_err(), "{text}");
        }
    }
}
