// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Brings the viewers in, wave by wave, at their times. How one gets in is the venue's business, media the pools'.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mio::Waker;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::place::{Place, Places};
use super::venue::{Session, Side, Venue};
use super::viewer::Newcomer;
use crate::clock::unix_ns;
use crate::peer::identity::Identity;
use crate::peer::transport::{IceCredentials, Transport};
use crate::publish::sender::Ledger;
use crate::wire::stamp::Medium;

const JOIN_WITHIN: Duration = Duration::from_secs(20);
const BLOCKING_THREADS_MAX: usize = 32;

/// A pool as the joiner sees it.
#[derive(Clone)]
pub struct PoolHandle {
    /// Newcomers go in here.
    pub inbox: SyncSender<Newcomer>,
    /// Tells the pool so.
    pub waker: Arc<Waker>,
    /// Port of its shared socket; 0 without one.
    pub port: u16,
}

/// Viewers who come one after the other, evenly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wave {
    /// How many.
    pub count: usize,
    /// When the first one comes, from the start.
    pub after: Duration,
    /// Over how long.
    pub over: Duration,
}

/// Everything that joining needs.
#[derive(Clone)]
pub struct Joiner {
    /// Where to.
    pub venue: Arc<dyn Venue>,
    /// Its rooms; viewers are dealt out to them by turns.
    pub rooms: Vec<String>,
    /// Pictures that each viewer takes at most.
    pub video_slots: u8,
    /// Our certificate.
    pub identity: Arc<Identity>,
    /// What the publisher has sent.
    pub ledger: Arc<Ledger>,
    /// Where viewers sit.
    pub places: Places,
    /// Viewers are dealt out to these.
    pub pools: Vec<PoolHandle>,
    /// Signalling finished, for those who watch the run.
    pub progress: Arc<AtomicUsize>,
}

/// Who did not get in, and what went wrong later.
#[derive(Debug, Default)]
pub struct Joined {
    /// One error per viewer that was refused.
    pub refused: Vec<String>,
    /// Errors of viewers that had got in.
    pub later: Vec<String>,
}

/// What a viewer's session ended with: refused at the door, or an error after it.
enum Ended {
    Refused(anyhow::Error),
    Later(anyhow::Error),
}

impl Joiner {
    /// Brings everybody in, holds their sessions until `end` turns true, then ends them all.
    ///
    /// # Errors
    /// When this program cannot run at all.
    pub fn run(self, waves: &[Wave], end: watch::Receiver<bool>) -> Result<Joined> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .build()
            .context("tokio")?;
        let joiner = Arc::new(self);
        runtime.block_on(async move {
            let mut tasks = JoinSet::new();
            let start = tokio::time::Instant::now();
            let mut number = 0;
            for wave in waves {
                for place in 0..wave.count {
                    let (joiner, end) = (joiner.clone(), end.clone());
                    let at = start + wave.after + wave.over.mul_f64(place as f64 / wave.count as f64);
                    tasks.spawn(async move {
                        tokio::time::sleep_until(at).await;
                        joiner.join(number, end).await
                    });
                    number += 1;
                }
            }
            let mut joined = Joined::default();
            while let Some(done) = tasks.join_next().await {
                match done {
                    Ok(Ok(())) => {}
                    Ok(Err(Ended::Refused(error))) => joined.refused.push(format!("{error:#}")),
                    Ok(Err(Ended::Later(error))) => joined.later.push(format!("{error:#}")),
                    Err(error) => joined.later.push(format!("join task: {error}")),
                }
            }
            Ok(joined)
        })
    }

    async fn join(&self, number: usize, mut end: watch::Receiver<bool>) -> Result<(), Ended> {
        let entered = tokio::time::timeout(JOIN_WITHIN, self.enter(number)).await;
        self.progress.fetch_add(1, Ordering::Relaxed);
        let entered = entered.context("joining took too long").and_then(|entered| entered);
        let mut session = entered.map_err(Ended::Refused)?;
        let lost = tokio::select! {
            biased;
            _ = end.wait_for(|over| *over) => None,
            held = session.hold() => held.err(),
        };
        let left = session.leave().await;
        lost.map_or(left, Err).map_err(Ended::Later)
    }

    async fn enter(&self, number: usize) -> Result<Box<dyn Session>> {
        let (clicked, clicked_ns) = (Instant::now(), unix_ns());
        let sent_before = [self.ledger.sent(Medium::Audio), self.ledger.sent(Medium::Video)];
        let credentials = IceCredentials::fresh();
        let pool = &self.pools[number % self.pools.len()];
        let (address, own) = self.place(number, pool)?;
        let side = Side {
            ufrag: credentials.ufrag.clone(),
            pwd: credentials.pwd.clone(),
            fingerprint: self.identity.fingerprint.clone(),
            address,
        };
        let room = &self.rooms[number % self.rooms.len()];
        let watching = self.venue.watch(room, number, self.video_slots, side).await?;
        let server = watching.remote.pick_candidate(self.venue.is_loopback())?;
        let place = match own {
            Some(socket) => {
                socket.connect(server).context("UDP connect")?;
                Place::Own(mio::net::UdpSocket::from_std(socket))
            }
            None => Place::Shared(v4_bits(address)),
        };
        let mut transport = Transport::new(self.identity.clone(), &credentials, &watching.remote, Instant::now())?;
        if self.venue.is_full_agent() {
            // Who offers is in control, and only an offer leaves the role open.
            transport.meet_full_agent(&credentials, address, watching.remote.setup == "actpass");
        }
        let newcomer = Newcomer {
            number,
            clicked,
            clicked_ns,
            sent_before,
            place,
            server,
            transport,
            remote: watching.remote,
        };
        pool.inbox
            .try_send(newcomer)
            .map_err(|_| anyhow!("the pool takes no more viewers"))?;
        pool.waker.wake().context("waker")?;
        Ok(watching.session)
    }

    fn place(&self, number: usize, pool: &PoolHandle) -> Result<(SocketAddr, Option<std::net::UdpSocket>)> {
        if self.places == Places::Own {
            let socket = Places::open_own(self.venue.server())?;
            return Ok((socket.local_addr()?, Some(socket)));
        }
        let address = self.places.address(number, pool.port);
        Ok((address.context("more viewers than addresses")?, None))
    }
}

fn v4_bits(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V4(v4) => v4.ip().to_bits(),
        SocketAddr::V6(_) => 0,
    }
}
