// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Brings the viewers in, at their times: by WHEP or by WebSocket and rack. Media is the pools' business.

use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use mio::Waker;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::signal::Signal;
use super::viewer::Newcomer;
use crate::clock::unix_ns;
use crate::http::Target;
use crate::peer::identity::Identity;
use crate::peer::transport::{IceCredentials, Transport};
use crate::publish::sender::Ledger;
use crate::socket;
use crate::wire::sdp;
use crate::wire::stamp::Medium;

const JOIN_WITHIN: Duration = Duration::from_secs(20);
const BLOCKING_THREADS_MAX: usize = 32;

/// How viewers come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mode {
    /// All by WHEP.
    Whep,
    /// All by WebSocket and rack.
    Ws,
    /// By turns.
    Mixed,
}

/// A pool as the joiner sees it.
#[derive(Clone)]
pub struct PoolHandle {
    /// Newcomers go in here.
    pub inbox: SyncSender<Newcomer>,
    /// Tells the pool so.
    pub waker: Arc<Waker>,
}

/// Everything that joining needs.
#[derive(Clone)]
pub struct Joiner {
    /// Where to.
    pub target: Target,
    /// Token of an attendee.
    pub token: String,
    /// Our certificate.
    pub identity: Arc<Identity>,
    /// What the publisher has sent.
    pub ledger: Arc<Ledger>,
    /// Viewers are dealt out to these.
    pub pools: Vec<PoolHandle>,
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

struct Half {
    clicked: Instant,
    clicked_ns: u64,
    sent_before: [u64; 2],
    socket: std::net::UdpSocket,
    credentials: IceCredentials,
}

impl Joiner {
    /// Joins `viewers` people over `ramp`, holds their sessions until `end` turns true, then ends them all.
    ///
    /// # Errors
    /// When this program cannot run at all.
    pub fn run(self, viewers: usize, ramp: Duration, mode: Mode, end: watch::Receiver<bool>) -> Result<Joined> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(BLOCKING_THREADS_MAX)
            .build()
            .context("tokio")?;
        let joiner = Arc::new(self);
        runtime.block_on(async move {
            let mut tasks = JoinSet::new();
            let start = tokio::time::Instant::now();
            for number in 0..viewers {
                let joiner = joiner.clone();
                let end = end.clone();
                let at = start + ramp.mul_f64(number as f64 / viewers as f64);
                let by_ws = mode == Mode::Ws || (mode == Mode::Mixed && number % 2 == 1);
                tasks.spawn(async move {
                    tokio::time::sleep_until(at).await;
                    if by_ws {
                        joiner.by_ws(number, end).await
                    } else {
                        joiner.by_whep(number, end).await
                    }
                });
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

    fn half(&self) -> Result<Half> {
        Ok(Half {
            clicked: Instant::now(),
            clicked_ns: unix_ns(),
            sent_before: [self.ledger.sent(Medium::Audio), self.ledger.sent(Medium::Video)],
            socket: socket::open(&self.target)?,
            credentials: IceCredentials::fresh(),
        })
    }

    fn local<'a>(&'a self, half: &'a Half) -> Result<sdp::Local<'a>> {
        Ok(sdp::Local {
            ufrag: &half.credentials.ufrag,
            pwd: &half.credentials.pwd,
            fingerprint: &self.identity.fingerprint,
            address: half.socket.local_addr()?,
        })
    }

    fn hand_over(&self, number: usize, half: Half, remote: sdp::Remote) -> Result<()> {
        half.socket
            .connect(remote.pick_candidate(self.target.is_loopback())?)
            .context("UDP connect")?;
        let transport = Transport::new(self.identity.clone(), &half.credentials, &remote, Instant::now())?;
        let newcomer = Newcomer {
            number,
            clicked: half.clicked,
            clicked_ns: half.clicked_ns,
            sent_before: half.sent_before,
            socket: mio::net::UdpSocket::from_std(half.socket),
            transport,
            remote,
        };
        let pool = &self.pools[number % self.pools.len()];
        pool.inbox
            .try_send(newcomer)
            .map_err(|_| anyhow!("the pool takes no more viewers"))?;
        pool.waker.wake().context("waker")
    }

    async fn by_whep(self: Arc<Self>, number: usize, mut end: watch::Receiver<bool>) -> Result<(), Ended> {
        let joiner = self.clone();
        let joined = tokio::task::spawn_blocking(move || -> Result<Option<String>> {
            let half = joiner.half()?;
            let offer = sdp::whep_offer(&joiner.local(&half)?);
            let resource = joiner.target.post(&joiner.target.whep(), &joiner.token, offer)?;
            joiner.hand_over(number, half, sdp::parse(&resource.sdp)?)?;
            Ok(resource.location)
        });
        let joined = joined.await.context("join task").and_then(|joined| joined);
        let location = joined.map_err(Ended::Refused)?;
        let _ = end.wait_for(|over| *over).await;
        let Some(location) = location else {
            return Err(Ended::Later(anyhow!("the WHEP answer has no Location")));
        };
        let deleted = tokio::task::spawn_blocking(move || self.target.delete(&location, &self.token)).await;
        deleted
            .context("leave task")
            .and_then(|deleted| deleted)
            .map_err(Ended::Later)
    }

    async fn by_ws(self: Arc<Self>, number: usize, mut end: watch::Receiver<bool>) -> Result<(), Ended> {
        let joined = tokio::time::timeout(JOIN_WITHIN, self.enter(number)).await;
        let joined = joined.context("joining took too long").and_then(|joined| joined);
        let mut signal = joined.map_err(Ended::Refused)?;
        let broken = tokio::select! {
            biased;
            _ = end.wait_for(|over| *over) => None,
            idle = signal.idle() => idle.err(),
        };
        signal.close().await;
        broken.map_or(Ok(()), |error| Err(Ended::Later(error)))
    }

    async fn enter(&self, number: usize) -> Result<Signal> {
        let half = self.half()?;
        let mut signal = Signal::connect(&self.target, &self.token, &format!("Viewer {number}")).await?;
        let (rack, offer) = signal.watch(&self.target).await?;
        let remote = sdp::parse(&offer)?;
        let answer = sdp::rack_answer(&remote, &self.local(&half)?)?;
        signal.answer(rack, answer).await?;
        self.hand_over(number, half, remote)?;
        Ok(signal)
    }
}
