// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What each participant may still send, over all their tabs, and who sent so much that they are to stay away.
//! In memory, under the participant's id alone, and forgotten once it says nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use dashmap::DashMap;
use fiera_protocol::ids::{EventId, ParticipantId};
use fiera_protocol::limits::{CLIENT_FLOOD_STRIKES_MAX, FLOOD_AWAY_MS};

use super::{Bucket, Limit};
use crate::limits::PEOPLE_LIMITED_MAX;

/// What a participant may send; shared by their sockets and requests.
pub(crate) type Shared = Arc<Mutex<Allowance>>;

/// Too fast: under which limit, and for how long nothing more is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wait {
    pub(crate) limit: Limit,
    pub(crate) after: Duration,
}

/// The buckets of one participant.
#[derive(Debug)]
pub(crate) struct Allowance {
    buckets: [Bucket; Limit::ALL.len()],
    /// Messages that were refused for their rate, less those that were taken since.
    strikes: u32,
    away_until: Option<Instant>,
}

impl Allowance {
    fn new(now: Instant) -> Self {
        let buckets = Limit::ALL.map(|limit| {
            let (burst, per_s) = limit.rate();
            Bucket::new(burst, per_s, now)
        });
        Self {
            buckets,
            strikes: 0,
            away_until: None,
        }
    }

    /// Takes one message of this kind: what one of the limits refuses costs nothing under the other.
    fn take(&mut self, kind: Option<Limit>, now: Instant) -> Result<(), Wait> {
        let limits = [Some(Limit::Messages), kind];
        for limit in limits.into_iter().flatten() {
            let after = self.bucket(limit).map_or(Duration::ZERO, |bucket| bucket.wait(now));
            if after > Duration::ZERO {
                return Err(Wait { limit, after });
            }
        }
        for limit in limits.into_iter().flatten() {
            self.bucket(limit).map(|bucket| bucket.take(now));
        }
        self.strikes = self.strikes.saturating_sub(1);
        Ok(())
    }

    fn bucket(&mut self, limit: Limit) -> Option<&mut Bucket> {
        self.buckets.get_mut(limit as usize)
    }

    fn hello(&mut self, now: Instant) -> Result<(), Wait> {
        let limit = Limit::Hellos;
        if let Some(until) = self.away_until.filter(|until| *until > now) {
            let after = until.saturating_duration_since(now);
            return Err(Wait { limit, after });
        }
        let Some(bucket) = self.bucket(limit) else {
            return Ok(());
        };
        let after = bucket.wait(now);
        if bucket.take(now) {
            Ok(())
        } else {
            Err(Wait { limit, after })
        }
    }

    /// One more message was refused; true where that was one too many, and the participant is to stay away for a time.
    fn strike(&mut self, now: Instant) -> bool {
        self.strikes += 1;
        if self.strikes <= CLIENT_FLOOD_STRIKES_MAX {
            return false;
        }
        self.strikes = 0;
        self.away_until = Some(now + Duration::from_millis(FLOOD_AWAY_MS));
        true
    }

    fn says_nothing(&mut self, now: Instant) -> bool {
        self.away_until.is_none_or(|until| until <= now) && self.buckets.iter_mut().all(|bucket| bucket.is_full(now))
    }
}

/// The allowances of everybody who has a socket, or had one a moment ago.
#[derive(Debug, Default)]
pub(crate) struct People(DashMap<(EventId, ParticipantId), Shared>);

impl People {
    /// Takes a hello: what this participant's sockets may send, or how long to stay away.
    pub(crate) fn hello(&self, event: &EventId, participant: ParticipantId, now: Instant) -> Result<Shared, Wait> {
        if self.0.len() >= PEOPLE_LIMITED_MAX {
            self.forget(now);
        }
        let fresh = || Arc::new(Mutex::new(Allowance::new(now)));
        let shared = self.0.entry((event.clone(), participant)).or_insert_with(fresh).clone();
        lock(&shared, |allowance| allowance.hello(now))?;
        Ok(shared)
    }

    /// The allowance of somebody who has a socket, or had one a moment ago.
    pub(crate) fn known(&self, event: &EventId, participant: ParticipantId) -> Option<Shared> {
        Some(self.0.get(&(event.clone(), participant))?.clone())
    }

    /// Forgets those who have gone and may send as much as anybody new.
    pub(crate) fn forget(&self, now: Instant) {
        self.0.retain(|_, shared| {
            Arc::strong_count(shared) > 1 || !lock(shared, |allowance| allowance.says_nothing(now))
        });
    }
}

/// Takes one message of this kind.
pub(crate) fn take(shared: &Shared, kind: Option<Limit>, now: Instant) -> Result<(), Wait> {
    lock(shared, |allowance| allowance.take(kind, now))
}

/// Counts one message that was not taken; true where the socket is to be closed.
pub(crate) fn strike(shared: &Shared, now: Instant) -> bool {
    lock(shared, |allowance| allowance.strike(now))
}

fn lock<T>(shared: &Shared, work: impl FnOnce(&mut Allowance) -> T) -> T {
    work(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use super::{People, Wait, strike, take};
    use crate::rate::Limit;
    use fiera_protocol::ids::{EventId, ParticipantId};
    use fiera_protocol::limits::{
        CLIENT_FLOOD_STRIKES_MAX, CLIENT_MESSAGES_BURST, FLOOD_AWAY_MS, HELLOS_BURST, OPINIONS_BURST,
    };
    use std::time::{Duration, Instant};

    fn somebody() -> (EventId, ParticipantId) {
        ("a".parse().unwrap(), ParticipantId(uuid::Uuid::new_v4()))
    }

    #[test]
    fn l1_all_tabs_of_a_participant_share_what_they_may_send() {
        let (people, now) = (People::default(), Instant::now());
        let ((event, who), other) = (somebody(), "b".parse().unwrap());
        let tabs = [(); 2].map(|()| people.hello(&event, who, now).unwrap());
        let taken = (0..CLIENT_MESSAGES_BURST as usize).filter(|n| take(&tabs[n % 2], None, now).is_ok());
        assert_eq!(taken.count(), CLIENT_MESSAGES_BURST as usize);
        for tab in &tabs {
            let Wait { limit, after } = take(tab, None, now).unwrap_err();
            assert_eq!((limit, after), (Limit::Messages, Duration::from_millis(50)));
        }
        let [first, second] = &tabs;
        let later = now + Duration::from_millis(50);
        assert!(take(first, None, later).is_ok(), "one message came free");
        assert!(take(second, None, later).is_err(), "and not one for each tab");
        let elsewhere = people.hello(&other, who, now).unwrap();
        assert!(take(&elsewhere, None, now).is_ok(), "another event");
    }

    #[test]
    fn l2_a_kind_that_is_used_up_leaves_the_others_and_costs_nothing() {
        let (people, now) = (People::default(), Instant::now());
        let (event, who) = somebody();
        let tab = people.hello(&event, who, now).unwrap();
        let votes = (0..CLIENT_MESSAGES_BURST).filter(|_| take(&tab, Some(Limit::Opinions), now).is_ok());
        assert_eq!(votes.count(), OPINIONS_BURST as usize);
        let wait = take(&tab, Some(Limit::Opinions), now).unwrap_err();
        assert_eq!((wait.limit, wait.after), (Limit::Opinions, Duration::from_millis(100)));
        let others = (0..CLIENT_MESSAGES_BURST).filter(|_| take(&tab, None, now).is_ok());
        assert_eq!(others.count(), (CLIENT_MESSAGES_BURST - OPINIONS_BURST) as usize);
        assert!(take(&tab, Some(Limit::Opinions), now + wait.after).is_ok());
    }

    #[test]
    fn l3_who_floods_stays_away_for_the_named_time_with_every_tab_and_is_then_as_new() {
        let (people, now) = (People::default(), Instant::now());
        let (event, who) = somebody();
        let tab = people.hello(&event, who, now).unwrap();
        let strikes = (0..=CLIENT_FLOOD_STRIKES_MAX).map(|_| strike(&tab, now));
        assert_eq!(strikes.filter(|cut| *cut).count(), 1, "at the last one alone");
        drop(tab);
        people.forget(now);
        let away = Duration::from_millis(FLOOD_AWAY_MS);
        let wait = people.hello(&event, who, now).unwrap_err();
        assert_eq!(
            (wait.limit, wait.after),
            (Limit::Hellos, away),
            "a new socket does not help"
        );
        assert!(
            people.hello(&event, somebody().1, now).is_ok(),
            "nobody else is kept out"
        );
        let later = now + away;
        assert!(people.hello(&event, who, later).is_ok());
        people.forget(later + away);
        assert!(people.0.is_empty(), "nothing is kept of who has gone");
    }

    #[test]
    fn l2_reconnecting_gives_no_new_burst_and_is_limited_itself() {
        let (people, now) = (People::default(), Instant::now());
        let (event, who) = somebody();
        for _ in 0..HELLOS_BURST {
            let tab = people.hello(&event, who, now).unwrap();
            while take(&tab, None, now).is_ok() {}
            drop(tab);
            people.forget(now);
        }
        let tab = people.known(&event, who).unwrap();
        assert!(take(&tab, None, now).is_err());
        assert_eq!(people.hello(&event, who, now).unwrap_err().limit, Limit::Hellos);
        assert!(people.hello(&event, who, now + Duration::from_secs(1)).is_ok());
    }
}
