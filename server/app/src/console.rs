// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What an operator sees first: where the server listens, and for a demo a link for each role and a code for phones.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use fast_qr::qr::QRBuilder;
use fiera_protocol::ids::Role;

use crate::config::{Config, DEMO};
use crate::keys::Keys;
use crate::token::{self, Grant};

/// Life of the links that a demo prints.
const DEMO_LINKS_TTL: Duration = Duration::from_secs(30 * 24 * 3_600);

/// The lines to print; `reached_at` are the addresses of this machine, best first.
pub(crate) fn greeting(config: &Config, port: u16, keys: &Keys, reached_at: &[IpAddr]) -> String {
    let scheme = if config.tls == crate::config::Tls::Off {
        "http"
    } else {
        "https"
    };
    let base = format!("{scheme}://localhost:{port}");
    if !config.demo {
        return format!("Fiera listens on {base}/");
    }
    let link = |page: &str, role: Role| {
        let event = DEMO.parse().ok()?;
        let expires_unix_s = token::unix_s() + DEMO_LINKS_TTL.as_secs();
        let grant = Grant {
            event,
            role,
            name: None,
            expires_unix_s,
        };
        let token = token::sign(keys, &grant).ok()?;
        Some(format!("{base}/e/{DEMO}{page}#t={token}"))
    };
    let line = |word: &str, page, role| format!("\n  {word:<10} {}", link(page, role).unwrap_or_default());
    // The projector shows the address that it was opened under, for a hall to scan: not that of this machine alone.
    let outside =
        lan_address(config, reached_at).map(|address| format!("{scheme}://{}", SocketAddr::new(address, port)));
    let links = format!(
        "Fiera demo is open:\n  attendee   {base}/e/{DEMO}{}{}{}{}{}\n  projector  {}/e/{DEMO}/projector",
        line("captioner", "", Role::Captioner),
        line("speaker", "", Role::Speaker),
        line("moderator", "", Role::Moderator),
        line("organiser", "", Role::Organiser),
        line("dashboard", "/dashboard", Role::Organiser),
        outside.as_ref().unwrap_or(&base)
    );
    match outside {
        Some(outside) => {
            let attendee = format!("{outside}/e/{DEMO}");
            format!(
                "{links}\n\nOn a phone in the same network: {attendee}\n{}",
                code(&attendee)
            )
        }
        None => links,
    }
}

/// Under which address other machines reach this one: as the operator says, or the first that is not of this machine
/// alone, IPv4 before IPv6.
fn lan_address(config: &Config, reached_at: &[IpAddr]) -> Option<IpAddr> {
    let given = config.advertise.first().copied();
    given.or_else(|| {
        let mut others = reached_at.iter().filter(|address| !address.is_loopback());
        let v4 = others.clone().find(|address| address.is_ipv4());
        v4.or_else(|| others.next()).copied()
    })
}

/// A QR code in characters of a terminal; nothing where the text does not fit.
fn code(text: &str) -> String {
    QRBuilder::new(text)
        .build()
        .map(|code| code.to_str())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::greeting;
    use crate::config::{Config, Settings};
    use crate::keys::Keys;

    fn said(demo: bool, advertise: &[&str], reached_at: &[&str]) -> String {
        let settings = Settings {
            demo: Some(demo),
            advertise: advertise.iter().map(|address| address.parse().unwrap()).collect(),
            ..Settings::default()
        };
        let reached_at: Vec<_> = reached_at.iter().map(|address| address.parse().unwrap()).collect();
        let keys = Keys::derive(&[7; 64]).unwrap();
        greeting(&Config::resolve(settings, None).unwrap(), 8080, &keys, &reached_at)
    }

    #[test]
    fn a_demo_has_a_link_for_each_role_and_a_code_with_an_address_that_phones_reach() {
        let text = said(true, &[], &["127.0.0.1", "2001:db8::1", "192.0.2.7"]);
        for word in [
            "attendee",
            "captioner",
            "speaker",
            "moderator",
            "organiser",
            "dashboard",
            "projector",
        ] {
            assert!(text.contains(&format!("\n  {word}")), "{text}");
        }
        assert!(text.contains("http://192.0.2.7:8080/e/demo\n"), "{text}");
        assert!(text.contains('█'), "{text}");
        assert!(said(true, &["2001:db8::2"], &[]).contains("http://[2001:db8::2]:8080/e/demo"));
        assert!(
            !said(true, &[], &["127.0.0.1"]).contains('█'),
            "nobody else could open it"
        );
        assert_eq!(
            said(false, &[], &["192.0.2.7"]),
            "Fiera listens on http://localhost:8080/"
        );
    }
}
