// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Who holds how much: relayed addresses by user, connections and relays by network. Numbers only; no socket stands
//! behind a relayed address.

use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use fiera_sfu::streams::turn::{NoRelay, Relays};

use crate::limits::{RELAYS_PER_USER_MAX, STREAMS_MAX, STREAMS_PER_NETWORK_MAX};
use crate::rate::network;

/// First of the dynamic ports (RFC 6335 section 6), from which relayed addresses are numbered.
const PORT_MIN: u16 = 49_152;

/// Relayed addresses that are held.
#[derive(Debug, Default)]
pub(super) struct RelayTable {
    taken: HashSet<u16>,
    of_user: HashMap<String, u32>,
    next: u16,
}

impl RelayTable {
    /// A relayed address is free again.
    pub(super) fn release(&mut self, username: &str, address: SocketAddr) {
        if !self.taken.remove(&address.port()) {
            return;
        }
        if let Some(count) = self.of_user.get_mut(username) {
            *count -= 1;
            if *count == 0 {
                self.of_user.remove(username);
            }
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.taken.len()
    }
}

impl Relays for RelayTable {
    fn take(&mut self, username: &str, like: IpAddr) -> Result<SocketAddr, NoRelay> {
        if self.taken.len() >= STREAMS_MAX {
            return Err(NoRelay::Capacity);
        }
        let held = self.of_user.get(username).copied().unwrap_or(0);
        if held >= RELAYS_PER_USER_MAX {
            return Err(NoRelay::Quota);
        }
        let range = u16::MAX - PORT_MIN + 1;
        loop {
            let port = PORT_MIN + self.next % range;
            self.next = self.next.wrapping_add(1) % range;
            if self.taken.insert(port) {
                self.of_user.insert(username.to_owned(), held + 1);
                return Ok(SocketAddr::new(like, port));
            }
        }
    }
}

/// The table, locked for one allocation at a time and not while anything is proved or relayed.
pub(super) struct Shared<'a>(pub(super) &'a Mutex<RelayTable>);

impl Relays for Shared<'_> {
    fn take(&mut self, username: &str, like: IpAddr) -> Result<SocketAddr, NoRelay> {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.take(username, like)
    }
}

/// Connections and relays that are open, by network.
#[derive(Debug, Default)]
pub(super) struct Places(Mutex<HashMap<IpAddr, usize>>);

/// One of them; it is free again when dropped.
#[derive(Debug)]
pub(super) struct Place {
    of: Arc<Places>,
    network: IpAddr,
}

impl Places {
    /// A place, unless all are taken, or all of this network: an office shares one address, so these are many.
    pub(super) fn take(of: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let network = network(address);
        let mut open = of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if open.values().sum::<usize>() >= STREAMS_MAX {
            return None;
        }
        let count = open.entry(network).or_default();
        if *count >= STREAMS_PER_NETWORK_MAX {
            return None;
        }
        *count += 1;
        Some(Place {
            of: Arc::clone(of),
            network,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Places, RelayTable};
    use crate::limits::{RELAYS_PER_USER_MAX, STREAMS_MAX, STREAMS_PER_NETWORK_MAX};
    use fiera_sfu::streams::turn::{NoRelay, Relays};
    use std::net::IpAddr;
    use std::sync::Arc;

    #[test]
    fn a_user_has_so_many_relays_and_all_together_have_so_many() {
        let (mut table, like) = (RelayTable::default(), IpAddr::from([192, 0, 2, 1]));
        let first = table.take("one", like).unwrap();
        for _ in 1..RELAYS_PER_USER_MAX {
            assert_ne!(table.take("one", like).unwrap(), first);
        }
        assert_eq!(table.take("one", like), Err(NoRelay::Quota));
        table.release("one", first);
        table.release("one", first);
        assert!(table.take("one", like).is_ok());
        assert_eq!(table.take("one", like), Err(NoRelay::Quota), "released once");
        let more = (0..)
            .take_while(|n| table.take(&format!("user {n}"), like).is_ok())
            .count();
        assert_eq!(more + RELAYS_PER_USER_MAX as usize, STREAMS_MAX);
        assert_eq!(
            (table.len(), table.take("two", like)),
            (STREAMS_MAX, Err(NoRelay::Capacity))
        );
    }

    #[test]
    fn one_network_cannot_take_all_places() {
        let places = Arc::new(Places::default());
        let [office, other] = [IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2])];
        let mut held: Vec<_> = std::iter::from_fn(|| Places::take(&places, office)).collect();
        assert_eq!(held.len(), STREAMS_PER_NETWORK_MAX);
        assert!(Places::take(&places, other).is_some());
        held.pop();
        assert!(Places::take(&places, office).is_some());
        drop(held);
        assert!(places.0.lock().unwrap().is_empty(), "nothing is kept of who has gone");
    }
}
