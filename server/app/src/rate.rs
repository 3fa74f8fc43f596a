// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Token buckets: so many at once, so many per second; one per participant for all their tabs, by address for
//! sign-ins that fail and for guests. They never read a clock.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use dashmap::DashMap;
use fiera_protocol::ids::{EventId, ParticipantId};
use fiera_protocol::limits::{CLIENT_MESSAGES_BURST, CLIENT_MESSAGES_PER_S};
use tokio::time::MissedTickBehavior;

use crate::limits::{
    GUESTS_BURST, GUESTS_PER_S, SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_BURST, SIGN_IN_FAILURES_PER_S,
    SIGN_IN_FORGET_EVERY,
};

/// One bucket.
#[derive(Debug, Clone)]
pub(crate) struct Bucket {
    burst: f64,
    per_s: f64,
    tokens: f64,
    filled_at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(crate) fn new(burst: u32, per_s: u32, now: Instant) -> Self {
        let burst = f64::from(burst);
        Self {
            burst,
            per_s: f64::from(per_s),
            tokens: burst,
            filled_at: now,
        }
    }

    /// Takes one token; false when there is none.
    pub(crate) fn take(&mut self, now: Instant) -> bool {
        if !self.has(now) {
            return false;
        }
        self.tokens -= 1.0;
        true
    }

    /// Whether there is a token to take.
    fn has(&mut self, now: Instant) -> bool {
        let passed_s = now.saturating_duration_since(self.filled_at).as_secs_f64();
        self.tokens = (self.tokens + passed_s * self.per_s).min(self.burst);
        self.filled_at = self.filled_at.max(now);
        self.tokens >= 1.0
    }

    fn is_full(&mut self, now: Instant) -> bool {
        self.has(now) && self.tokens >= self.burst
    }
}

/// A bucket that several sockets draw from.
pub(crate) type Shared = Arc<Mutex<Bucket>>;

/// What everybody who has a socket may still send; forgotten with their last socket.
#[derive(Debug, Default)]
pub(crate) struct People(DashMap<(EventId, ParticipantId), Weak<Mutex<Bucket>>>);

impl People {
    /// The bucket of all sockets of this participant.
    pub(crate) fn of(&self, event: &EventId, participant: ParticipantId, now: Instant) -> Shared {
        let mut entry = self.0.entry((event.clone(), participant)).or_default();
        if let Some(shared) = entry.upgrade() {
            return shared;
        }
        let fresh = Arc::new(Mutex::new(Bucket::new(
            CLIENT_MESSAGES_BURST,
            CLIENT_MESSAGES_PER_S,
            now,
        )));
        *entry = Arc::downgrade(&fresh);
        fresh
    }

    /// The bucket of somebody who has a socket open.
    pub(crate) fn known(&self, event: &EventId, participant: ParticipantId) -> Option<Shared> {
        self.0.get(&(event.clone(), participant))?.upgrade()
    }

    /// A socket has let go of its bucket.
    pub(crate) fn gone(&self, event: &EventId, participant: ParticipantId) {
        self.0
            .remove_if(&(event.clone(), participant), |_, bucket| bucket.strong_count() == 0);
    }
}

/// Takes one token of a shared bucket.
pub(crate) fn take(shared: &Shared, now: Instant) -> bool {
    shared.lock().unwrap_or_else(PoisonError::into_inner).take(now)
}

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
        Duration::from_secs(u64::from(failures_s.max(guests_s))) + SIGN_IN_FORGET_EVERY
    }

    /// Forgets in time, for as long as anybody else holds this.
    pub(crate) fn forget_in_time(of: &Arc<Self>) {
        let of = Arc::downgrade(of);
        tokio::spawn(async move {
            let mut due = tokio::time::interval(SIGN_IN_FORGET_EVERY);
            due.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                due.tick().await;
                match of.upgrade() {
                    Some(sign_ins) => sign_ins.forget(Instant::now()),
                    None => break,
                }
            }
        });
    }
}

fn take_of(table: &Mutex<Table<IpAddr>>, address: Option<IpAddr>, now: Instant) -> bool {
    let mut table = table.lock().unwrap_or_else(PoisonError::into_inner);
    address.is_none_or(|address| table.of(address, now).take(now))
}

/// One customer of the network: an IPv4 address, or the 64 bits of an IPv6 address that are given to one.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address @ IpAddr::V4(_) => address,
    }
}

/// Buckets by key, at most so many: full ones say nothing and are forgotten, then all.
#[derive(Debug)]
pub(crate) struct Table<K> {
    buckets: HashMap<K, Bucket>,
    max: usize,
    burst: u32,
    per_s: u32,
}

impl<K: Eq + Hash> Table<K> {
    /// At most `max` buckets of `burst` tokens that fill at `per_s`.
    pub(crate) fn new(max: usize, burst: u32, per_s: u32) -> Self {
        Self {
            buckets: HashMap::new(),
            max,
            burst,
            per_s,
        }
    }

    /// The bucket of a key.
    pub(crate) fn of(&mut self, key: K, now: Instant) -> &mut Bucket {
        if self.buckets.len() >= self.max && !self.buckets.contains_key(&key) {
            self.forget(now);
            if self.buckets.len() >= self.max {
                self.buckets.clear();
            }
        }
        let (burst, per_s) = (self.burst, self.per_s);
        self.buckets
            .entry(key)
            .or_insert_with(|| Bucket::new(burst, per_s, now))
    }

    /// Forgets full buckets.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.buckets.retain(|_, bucket| !bucket.is_full(now));
    }
}

#[cfg(test)]
mod tests {
    use super::{Bucket, People, SignIns, take};
    use crate::limits::{GUESTS_BURST, SIGN_IN_ADDRESSES_MAX, SIGN_IN_FAILURES_BURST, SIGN_IN_FORGET_EVERY};
    use axum::http::HeaderMap;
    use fiera_protocol::ids::ParticipantId;
    use fiera_protocol::limits::CLIENT_MESSAGES_BURST;
    use std::net::IpAddr;
    use std::time::{Duration, Instant};

    #[test]
    fn all_tabs_of_a_participant_share_what_they_may_send() {
        let (people, now) = (People::default(), Instant::now());
        let (event, other) = ("a".parse().unwrap(), "b".parse().unwrap());
        let who = ParticipantId(uuid::Uuid::new_v4());
        let (tab, second) = (people.of(&event, who, now), people.of(&event, who, now));
        let taken = (0..CLIENT_MESSAGES_BURST).filter(|n| take(if n % 2 == 0 { &tab } else { &second }, now));
        assert_eq!(taken.count(), CLIENT_MESSAGES_BURST as usize);
        assert!(!take(&tab, now) && !take(&second, now));
        assert!(take(&people.of(&other, who, now), now), "another event");
        drop((tab, second));
        people.gone(&event, who);
        people.gone(&other, who);
        assert!(people.0.is_empty(), "nothing is kept of who has gone");
    }

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
        assert!(sign_ins.failures.lock().unwrap().buckets.len() <= SIGN_IN_ADDRESSES_MAX);
    }

    #[test]
    fn an_address_is_forgotten_as_soon_as_its_sign_ins_count_no_more() {
        let (sign_ins, now) = (SignIns::new(false), Instant::now());
        let known = || [&sign_ins.failures, &sign_ins.guests].map(|table| table.lock().unwrap().buckets.len());
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
        sign_ins.forget(now + SignIns::known_for() - SIGN_IN_FORGET_EVERY);
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

    #[test]
    fn a_burst_then_the_sustained_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(3, 2, start);
        let taken = (0..5).filter(|_| bucket.take(start)).count();
        assert_eq!(taken, 3);
        assert!(!bucket.take(start + Duration::from_millis(400)));
        assert!(bucket.take(start + Duration::from_millis(600)));
        let later = start + Duration::from_secs(60);
        assert_eq!(
            (0..5).filter(|_| bucket.take(later)).count(),
            3,
            "never more than the burst"
        );
    }
}
