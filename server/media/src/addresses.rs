// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Which addresses clients are told to reach the media port at.

use std::net::{IpAddr, SocketAddr};

use crate::MediaConfig;

/// Candidates put into a session description at most.
const CANDIDATES_MAX: usize = 8;

/// The configured addresses, or else those of this machine that fit the bound one: LAN before loopback, since Firefox
/// drops loopback candidates.
pub(crate) fn advertised(config: &MediaConfig, port: u16) -> Vec<SocketAddr> {
    let mut ips = if !config.advertise.is_empty() {
        config.advertise.clone()
    } else if config.bind.ip().is_unspecified() {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        interfaces
            .iter()
            .map(if_addrs::Interface::ip)
            .filter(|ip| is_useful(*ip, config.bind.is_ipv4()))
            .collect()
    } else {
        vec![config.bind.ip()]
    };
    ips.sort_by_key(|ip| (ip.is_loopback(), ip.is_ipv6()));
    ips.dedup();
    ips.truncate(CANDIDATES_MAX);
    ips.into_iter().map(|ip| SocketAddr::new(ip, port)).collect()
}

fn is_useful(ip: IpAddr, v4_only: bool) -> bool {
    match ip {
        IpAddr::V4(v4) => !v4.is_link_local(),
        IpAddr::V6(v6) => !v4_only && !v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_addresses_come_as_they_are_and_loopback_comes_last() {
        let advertise = vec![IpAddr::from([127, 0, 0, 1]), IpAddr::from([192, 0, 2, 1])];
        let config = MediaConfig {
            bind: SocketAddr::from(([0, 0, 0, 0], 0)),
            advertise,
            threads: None,
        };
        let expected = [
            SocketAddr::from(([192, 0, 2, 1], 7)),
            SocketAddr::from(([127, 0, 0, 1], 7)),
        ];
        assert_eq!(advertised(&config, 7), expected);
    }

    #[test]
    fn a_bound_address_is_the_only_one() {
        let config = MediaConfig {
            bind: SocketAddr::from(([127, 0, 0, 1], 0)),
            advertise: Vec::new(),
            threads: None,
        };
        assert_eq!(advertised(&config, 9), [SocketAddr::from(([127, 0, 0, 1], 9))]);
    }
}
