// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Limits by address, for who has shown nothing yet: sign-ins that fail, and guests.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;

use super::{Table, network};
use crate::limits::{
    GUESTS_BURST, GUESTS_PER_S, RATES_FORGET_EVERY, SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_BURST,
    SIGN_IN_FAILURES_PER_S,
};

/// Sign-ins by address: a few mistakes are free, guessing is slow; guests, each of whom is somebody new, come in as fast
/// as the crowd of an office does and no faster.
#[derive(Debug)]
pub(crate) struct SignIns {
    behind_https: bool,
    failures: Mutex<Table<IpAddr>>,
    guests: Mutex<Table<IpAddr>>,
}

impl SignIns {
    pub(crate) fn new(behind_https: bool) -> Self {
        let failures = Table::new(SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_BURST, SIGN_IN_FAILURES_PER_S);
        let guests = Table::new(SIGN_IN_ADDRESSES_MAX, GUESTS_BURST, GUESTS_PER_S);
        Self {
            behind_https,
            failures: Mutex::new(failures),
            guests: Mutex::new(guests),
        }
    }

    /// Who asks: the other end of the connection, or what the proxy in front says of it.
    pub(crate) fn address(&self, peer: Option<SocketAddr>, headers: &HeaderMap) -> Option<IpAddr> {
        let said = || {
            // The last entry is the one that our own proxy wrote; those before it anybody may have made up.
            let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
            let last = last.rsplit(',').next()?.trim();
            last.parse()
                .ok()
                .or_else(|| last.parse::<SocketAddr>().ok().map(|of| of.ip()))
        };
        let said = if self.behind_https { said() } else { None };
        said.or_else(|| peer.map(|peer| peer.ip())).map(network)
    }

    /// This address failed; false where it does so too fast. None: not known, as within a test.
    pub(crate) fn may_fail(&self, address: Option<IpAddr>, now: Instant) -> bool {
        take_of(&self.failures, address, now)
    }

    /// One more guest of this address; false where they come too fast. None: not known, as within a test.
    pub(crate) fn may_come(&self, address: Option<IpAddr>, now: Instant) -> bool {
        take_of(&self.guests, address, now)
    }

    /// Forgets addresses that may sign in as often as any other again.
    pub(crate) fn forget(&self, now: Instant) {
        for table in [&self.failures, &self.guests] {
            table.lock().unwrap_or_else(PoisonError::into_inner).forget(now);
        }
    }

    /// The longest that an address is known after its last failure or guest.
    pub(crate) fn known_for() -> Duration {
        let failures_s = SIGN_IN_FAILURES_BURST / SIGN_IN_FAILURES_PER_S;
        let guests_s = GUESTS_BURST / GUESTS_PER_S;
        Duration::from_secs(u64::from(failures_s.max(guests_s))) + RATES_FORGET_EVERY
    }
}

fn take_of(table: &Mutex<Table<IpAddr>>, address: Option<IpAddr>, now: Instant) -> bool {
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    address.is_none_or(|address| table.of(address, now).take(now))
}

#[cfg(test)]
mod tests {
    use super::SignIns;
    use crate::limits::{GUESTS_BURST, RATES_FORGET_EVERY, SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_BURST};
    use axum::http::HeaderMap;
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    #[test]
    fn guessing_is_slowed_down_per_customer_of_the_network_and_the_table_is_bounded() {
        let (sign_ins, now) = (SignIns::new(false), Instant::now());
        let address = |text: &str| {
            let peer = std::net::SocketAddr::new(text.parse::<IpAddr>().unwrap(), 1);
            sign_ins.address(Some(peer), &HeaderMap::new())
        };
        for n in 0..SIGN_IN_FAILURES_BURST {
            let one_of_many = address(&format!("2001:db8::{n:x}"));
            assert!(sign_ins.may_fail(one_of_many, now));
        }
        assert!(!sign_ins.may_fail(address("2001:db8::ffff"), now), "the same /64");
        assert!(sign_ins.may_fail(address("2001:db8:0:1::1"), now));
        assert!(sign_ins.may_fail(address("2001:db8::1"), now + Duration::from_secs(60)));
        assert_eq!(address("::ffff:192.0.2.1"), address("192.0.2.1"));
        for n in 0..SIGN_IN_ADDRESSES_MAX as u32 + 10 {
            sign_ins.may_fail(Some(IpAddr::from(n.to_be_bytes())), now);
        }
        assert!(sign_ins.failures.lock().unwrap().len() <= SIGN_IN_ADDRESSES_MAX);
    }

    #[test]
    fn an_address_is_forgotten_as_soon_as_its_sign_ins_count_no_more() {
        let (sign_ins, now) = (SignIns::new(false), Instant::now());
        let known = || [&sign_ins.failures, &sign_ins.guests].map(|table| table.lock().unwrap().len());
        let address = |last| Some(IpAddr::from([192, 0, 2, last]));
        sign_ins.may_fail(address(1), now);
        for _ in 0..=SIGN_IN_FAILURES_BURST {
            sign_ins.may_fail(address(2), now);
        }
        for _ in 0..=GUESTS_BURST {
            sign_ins.may_come(address(3), now);
        }
        sign_ins.forget(now);
        assert_eq!(known(), [2, 1]);
        sign_ins.forget(now + Duration::from_secs(2));
        assert_eq!(known(), [1, 1], "who failed once");
        sign_ins.forget(now + SignIns::known_for() - RATES_FORGET_EVERY);
        assert_eq!(known(), [0, 0]);
    }

    #[test]
    fn a_forwarded_address_counts_behind_a_proxy_alone_and_only_its_last_hop() {
        let peer = Some("198.51.100.1:5".parse().unwrap());
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "203.0.113.9, 192.0.2.7".parse().unwrap());
        let of = |behind: bool, headers: &HeaderMap| SignIns::new(behind).address(peer, headers).unwrap().to_string();
        assert_eq!(of(false, &headers), "198.51.100.1");
        assert_eq!(of(true, &headers), "192.0.2.7");
        assert_eq!(of(true, &HeaderMap::new()), "198.51.100.1");
        headers.insert("x-forwarded-for", "nonsense".parse().unwrap());
        assert_eq!(of(true, &headers), "198.51.100.1");
    }
}
