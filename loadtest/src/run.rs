// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! `run`: one publisher, many viewers, one result. The order of a run is in `run` below, and nowhere else.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use tokio::sync::watch;

use crate::cli::RunArgs;
use crate::http::Target;
use crate::measure::floor;
use crate::measure::process::{self, Reading};
use crate::measure::result::{Outcome, ServerCost};
use crate::peer::identity::Identity;
use crate::publish::sender::Ledger;
use crate::publish::session::{Control, publish};
use crate::publish::synthetic::Synthetic;
use crate::sys;
use crate::watch::join::{Joiner, PoolHandle};
use crate::watch::pool::{self, INBOX_MAX, Phase, PoolReport, Settings};

/// The publisher's first second, before anyone looks.
const WARM_UP: Duration = Duration::from_secs(1);
const PUBLISH_WITHIN: Duration = Duration::from_secs(12);
/// After the last join, before measuring.
const SETTLE: Duration = Duration::from_secs(2);
/// After the last packet, before counting: NACK and RTX take ten tries of 50 ms.
const DRAIN: Duration = Duration::from_millis(700);
const STEP: Duration = Duration::from_millis(20);

/// Runs the load and gives its outcome.
///
/// # Errors
/// When the publisher gets no connection or this machine cannot carry the load at all; refused viewers are no error.
pub fn run(args: &RunArgs) -> Result<Outcome> {
    let target = Target {
        server: args.server.clone(),
        event: args.event.clone(),
        room: args.room.clone(),
    };
    target.check()?;
    sys::raise_descriptor_limit();
    let identity = Arc::new(Identity::new(args.srtp)?);
    let ledger = Arc::new(Ledger::default());
    let control = Arc::new(Control::default());
    let publisher = start_publisher(args, &target, &identity, &ledger, &control)?;
    let publisher = wait_live(publisher, &control)?;
    std::thread::sleep(WARM_UP);
    let before = read_server(args)?;

    let settings = Arc::new(Settings::new(
        Duration::from_millis(args.twcc_ms),
        (args.lose_percent.clamp(0.0, 100.0) * 100.0) as u32,
    ));
    let (handles, pools) = start_pools(args.threads.max(1), &settings, &ledger)?;
    let joiner = Joiner {
        target,
        token: args.token_attendee.clone(),
        identity,
        ledger: ledger.clone(),
        pools: handles,
    };
    let (end, ended) = watch::channel(false);
    let (viewers, mode, ramp) = (args.viewers, args.mode, Duration::from_secs_f64(args.ramp_s.max(0.0)));
    let joins = std::thread::spawn(move || joiner.run(viewers, ramp, mode, ended));

    std::thread::sleep(ramp + SETTLE);
    let (steady_from, cpu_from, all_from) = (Instant::now(), read_server(args)?, Shares::read()?);
    settings.set_phase(Phase::Steady);
    std::thread::sleep(Duration::from_secs_f64(args.seconds.max(0.1)));
    settings.set_phase(Phase::Drain);
    let (steady_to, cpu_to, all_to) = (steady_from.elapsed(), read_server(args)?, Shares::read()?);
    let publisher_ended = publisher.is_finished();
    control.pause.store(true, Ordering::Release);
    std::thread::sleep(DRAIN);
    // Signalling ends first, so that nobody takes our goodbyes for an accident.
    let _ = end.send(true);
    settings.stop.store(true, Ordering::Release);

    let pools: Vec<PoolReport> = pools
        .into_iter()
        .map(|p| p.join().map_err(|_| anyhow!("a pool died"))?)
        .collect::<Result<_>>()?;
    let joined = joins.join().map_err(|_| anyhow!("the joiner died"))??;
    control.stop.store(true, Ordering::Release);
    let published = publisher.join().map_err(|_| anyhow!("the publisher died"))?;
    if publisher_ended {
        published.context("the publisher lost its connection during the run")?;
    }

    let pattern = pools
        .iter()
        .map(|p| &p.counters.pattern)
        .find(|p| !p.is_empty())
        .cloned();
    let floor_us = floor::measure(&pattern.unwrap_or_else(floor::usual_pattern), args.viewers)?;
    let mut outcome = Outcome::new(args.viewers, pools, &joined);
    outcome.mode = format!("{:?}", args.mode).to_lowercase();
    outcome.seconds = steady_to.as_secs_f64();
    outcome.floor_us_per_packet = floor_us;
    outcome.publisher_keyframe_requests = ledger.keyframe_requests.load(Ordering::Relaxed);
    outcome.publisher_retransmitted = ledger.retransmitted.load(Ordering::Relaxed);
    if let (Some(before), Some(from), Some(to)) = (before, cpu_from, cpu_to) {
        outcome.server = Some(cost(before, from, to, &outcome, args.viewers));
    }
    let seconds_us = outcome.seconds.max(0.001) * 1e6;
    outcome.generator_cores = (all_to.own_us - all_from.own_us) as f64 / seconds_us;
    let machine = (all_to.machine_us - all_from.machine_us) as f64 / seconds_us;
    let server = outcome.server.map_or(0.0, |server| server.server_cores);
    outcome.other_cores = if args.server_pid.is_some() {
        (machine - server - outcome.generator_cores).max(0.0)
    } else {
        0.0
    };
    Ok(outcome)
}

/// CPU time of the machine and of this program.
struct Shares {
    machine_us: u64,
    own_us: u64,
}

impl Shares {
    fn read() -> Result<Self> {
        Ok(Self {
            machine_us: process::machine_cpu_us()?,
            own_us: process::read(std::process::id())?.cpu_us,
        })
    }
}

fn cost(before: Reading, from: Reading, to: Reading, outcome: &Outcome, viewers: usize) -> ServerCost {
    let cpu_us = (to.cpu_us - from.cpu_us) as f64;
    let per_packet = cpu_us / outcome.steady_packets.max(1) as f64;
    ServerCost {
        server_cpu_us_per_packet: per_packet,
        floor_ratio: per_packet / outcome.floor_us_per_packet.max(0.001),
        server_cores: cpu_us / 1e6 / outcome.seconds.max(0.001),
        server_rss_before_kb: before.rss_kb,
        server_rss_after_kb: to.rss_kb,
        server_rss_per_viewer_kb: (to.rss_kb as f64 - before.rss_kb as f64) / viewers.max(1) as f64,
    }
}

fn read_server(args: &RunArgs) -> Result<Option<Reading>> {
    args.server_pid.map(process::read).transpose()
}

fn start_publisher(
    args: &RunArgs,
    target: &Target,
    identity: &Arc<Identity>,
    ledger: &Arc<Ledger>,
    control: &Arc<Control>,
) -> Result<JoinHandle<Result<()>>> {
    let (target, identity, ledger, control) = (target.clone(), identity.clone(), ledger.clone(), control.clone());
    let (token, kbps) = (args.token_speaker.clone(), args.video_kbps);
    let work = move || {
        publish(
            &identity,
            &target,
            &token,
            Some("Load test"),
            &mut Synthetic::new(kbps),
            &ledger,
            &control,
        )
    };
    std::thread::Builder::new()
        .name("publisher".into())
        .spawn(work)
        .context("publisher thread")
}

/// Waits for the publisher's media; its own error is the one to show when there is none.
fn wait_live(publisher: JoinHandle<Result<()>>, control: &Control) -> Result<JoinHandle<Result<()>>> {
    let started = Instant::now();
    while !control.live.load(Ordering::Acquire) {
        if publisher.is_finished() || started.elapsed() > PUBLISH_WITHIN {
            control.stop.store(true, Ordering::Release);
            publisher
                .join()
                .map_err(|_| anyhow!("the publisher died"))?
                .context("the publisher")?;
            bail!("the publisher got no media connection");
        }
        std::thread::sleep(STEP);
    }
    Ok(publisher)
}

type Pools = (Vec<PoolHandle>, Vec<JoinHandle<Result<PoolReport>>>);

fn start_pools(threads: usize, settings: &Arc<Settings>, ledger: &Arc<Ledger>) -> Result<Pools> {
    let (mut handles, mut pools) = (Vec::new(), Vec::new());
    for _ in 0..threads {
        let (poll, waker) = pool::prepare()?;
        let (inbox, newcomers) = sync_channel(INBOX_MAX);
        let (settings, ledger) = (settings.clone(), ledger.clone());
        handles.push(PoolHandle { inbox, waker });
        let work = move || pool::run(poll, &newcomers, &settings, &ledger);
        pools.push(
            std::thread::Builder::new()
                .name("viewers".into())
                .spawn(work)
                .context("pool thread")?,
        );
    }
    Ok((handles, pools))
}
