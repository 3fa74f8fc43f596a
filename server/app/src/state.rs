// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! What every request can reach. Cheap to clone; holds no rule.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use fiera_protocol::ids::EventId;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use crate::bridge::{Checks, Negotiator};
use crate::event::{EventHandle, SocketId};
use crate::events::{Events, Services};
use crate::http::{Boards, Ideas, Indexes, Recaps, StandLists};
use crate::limits::{DRAIN_RETURNS_PER_S, DRAIN_SPREAD_MS_MAX, DRAIN_SPREAD_MS_MIN, RATES_FORGET_EVERY};
use crate::rate::{People, SignIns};
use crate::refusal::Refusal;
use crate::streams::IceServers;

/// The server as its requests see it.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) services: Services,
    pub(crate) events: Events,
    pub(crate) negotiator: Negotiator,
    pub(crate) ice_servers: IceServers,
    pub(crate) checks: Arc<Checks>,
    /// Whether cookies must go over HTTPS only.
    pub(crate) secure: bool,
    pub(crate) sign_ins: Arc<SignIns>,
    pub(crate) people: Arc<People>,
    pub(crate) boards: Arc<Boards>,
    pub(crate) recaps: Arc<Recaps>,
    pub(crate) ideas: Arc<Ideas>,
    pub(crate) indexes: Arc<Indexes>,
    pub(crate) stands: Arc<StandLists>,
    drain: watch::Receiver<bool>,
    next_socket: Arc<AtomicU64>,
    next_rack: Arc<AtomicU32>,
    sockets: Arc<watch::Sender<u32>>,
}

/// A socket that is open, counted as long as this lives.
pub(crate) struct OpenSocket {
    server: Server,
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.server.services.metrics.sockets(-1);
        self.server.sockets.send_modify(|open| *open = open.saturating_sub(1));
    }
}

impl Server {
    pub(crate) fn new(
        services: Services,
        events: Events,
        ice_servers: IceServers,
        secure: bool,
        behind_https: bool,
        drain: watch::Receiver<bool>,
    ) -> Self {
        let negotiator = Negotiator::new(services.media.clone(), ice_servers.ice_tcp());
        let checks = Arc::new(Checks::new(services.media.clone()));
        let (next_socket, sockets) = (Arc::new(AtomicU64::new(1)), Arc::new(watch::Sender::new(0)));
        let sign_ins = Arc::new(SignIns::new(behind_https));
        let people = Arc::default();
        forget_in_time(&sign_ins, &people);
        let next_rack = Arc::new(AtomicU32::new(1));
        Self {
            services,
            events,
            negotiator,
            ice_servers,
            checks,
            secure,
            sign_ins,
            people,
            boards: Arc::default(),
            recaps: Arc::default(),
            ideas: Arc::default(),
            indexes: Arc::default(),
            stands: Arc::default(),
            drain,
            next_socket,
            next_rack,
            sockets,
        }
    }

    /// A number for a socket, never used before.
    pub(crate) fn next_socket(&self) -> SocketId {
        self.next_socket.fetch_add(1, Ordering::Relaxed)
    }

    /// A number for a rack: another one after a reconnect too, so that no message about an old rack fits the new one.
    pub(crate) fn next_rack(&self) -> u32 {
        self.next_rack.fetch_add(1, Ordering::Relaxed)
    }

    /// Counts a socket.
    pub(crate) fn open_socket(&self) -> OpenSocket {
        self.services.metrics.sockets(1);
        self.sockets.send_modify(|open| *open += 1);
        OpenSocket { server: self.clone() }
    }

    /// The event, unless it does not exist or answers nothing any more.
    pub(crate) fn event(&self, id: &EventId) -> Result<EventHandle, Refusal> {
        self.events.by_id(id).ok_or_else(Refusal::no_such_event)
    }

    /// Whether the server is going away.
    pub(crate) fn is_draining(&self) -> bool {
        *self.drain.borrow()
    }

    /// Ends when the server begins to go away.
    pub(crate) async fn drained(&self) {
        let mut drain = self.drain.clone();
        if drain.wait_for(|draining| *draining).await.is_err() {
            // The sender is gone only after the server itself.
            std::future::pending::<()>().await;
        }
    }

    /// The window in which clients should come back, so that they do not come all at once.
    pub(crate) fn reconnect_within_ms(&self) -> u32 {
        drain_spread_ms(*self.sockets.borrow())
    }

    /// Ends when all sockets have ended, or after this long.
    pub(crate) async fn sockets_gone(&self, within: std::time::Duration) {
        let mut sockets = self.sockets.subscribe();
        let _ = tokio::time::timeout(within, sockets.wait_for(|open| *open == 0)).await;
    }
}

/// So wide a window that at most [`DRAIN_RETURNS_PER_S`] of so many sockets come back in a second, within bounds.
fn drain_spread_ms(sockets: u32) -> u32 {
    let spread_ms = sockets.saturating_mul(1_000) / DRAIN_RETURNS_PER_S;
    spread_ms.clamp(DRAIN_SPREAD_MS_MIN, DRAIN_SPREAD_MS_MAX)
}

/// Forgets limits that are as those of anybody new, for as long as the server stands.
fn forget_in_time(sign_ins: &Arc<SignIns>, people: &Arc<People>) {
    let (sign_ins, people) = (Arc::downgrade(sign_ins), Arc::downgrade(people));
    tokio::spawn(async move {
        let mut due = tokio::time::interval(RATES_FORGET_EVERY);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let (Some(sign_ins), Some(people)) = (sign_ins.upgrade(), people.upgrade()) {
            let now = Instant::now();
            sign_ins.forget(now);
            people.forget(now);
            drop((sign_ins, people));
            due.tick().await;
        }
    });
}

#[cfg(test)]
mod tests {
    use super::drain_spread_ms;
    use crate::limits::{DRAIN_RETURNS_PER_S, DRAIN_SPREAD_MS_MAX, DRAIN_SPREAD_MS_MIN};

    #[test]
    fn d2_the_more_are_told_to_come_back_the_wider_the_window() {
        assert_eq!(drain_spread_ms(0), DRAIN_SPREAD_MS_MIN);
        assert_eq!(drain_spread_ms(1_000), 1_000 * 1_000 / DRAIN_RETURNS_PER_S);
        assert_eq!(drain_spread_ms(u32::MAX), DRAIN_SPREAD_MS_MAX);
    }
}
