// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One run of a scenario against one server: publishers, viewers, a measured window, a result. The order of a run is in
//! `perform`, and nowhere else.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::sync::watch;

use crate::clock::unix_ns;
use crate::measure::floor;
use crate::measure::process::{self, Reading};
use crate::measure::result::{Outcome, ServerCost};
use crate::measure::watchman::Watchman;
use crate::peer::identity::{Identity, Profiles};
use crate::publish::sender::Ledger;
use crate::publish::session::{Act, Control, publish};
use crate::publish::synthetic::Synthetic;
use crate::report::progress::Progress;
use crate::scenario::Scenario;
use crate::sys;
use crate::watch::join::{Joiner, PoolHandle};
use crate::watch::place::Places;
use crate::watch::pool::{self, INBOX_MAX, PoolReport};
use crate::watch::settings::{Phase, Settings};
use crate::watch::venue::Venue;

/// The publishers' first second, before anyone looks.
const WARM_UP: Duration = Duration::from_secs(1);
const PUBLISH_WITHIN: Duration = Duration::from_secs(30);
/// Publishers on one thread.
const ACTS_PER_THREAD: usize = 80;
/// After the last packet, before counting: NACK and RTX take ten tries of 50 ms.
const DRAIN: Duration = Duration::from_millis(700);
const STEP: Duration = Duration::from_millis(20);
/// Levels of who speaks and of who is silent, -dBov.
const LOUD: u8 = 25;
const SILENT: u8 = 127;

/// Where a scenario is run, and by what means.
#[derive(Clone)]
pub struct Bench {
    /// The server.
    pub venue: Arc<dyn Venue>,
    /// Its name in the result.
    pub name: String,
    /// What lies between, such as `lo` or `veth`; only named in the result.
    pub link: String,
    /// How viewers come in, for the result.
    pub mode: String,
    /// Rooms of the server, at least as many as the scenario has.
    pub rooms: Vec<String>,
    /// The server's process, to measure its CPU time and memory.
    pub server_pid: Option<u32>,
    /// SRTP profiles named in the handshake.
    pub profiles: Profiles,
    /// Where viewers sit.
    pub places: Places,
    /// Threads that receive.
    pub pools: usize,
}

struct Publishers {
    threads: Vec<JoinHandle<Result<Vec<Result<()>>>>>,
    controls: Vec<Arc<Control>>,
    per_room: usize,
}

/// Runs it and gives the outcome.
///
/// # Errors
/// When a publisher gets no connection or this machine cannot carry the load at all; refused viewers are no error.
pub fn perform(scenario: &Scenario, bench: &Bench) -> Result<Outcome> {
    scenario.check()?;
    ensure!(
        bench.rooms.len() >= scenario.rooms,
        "the scenario {} has {} rooms and {} are given: name more by --rooms",
        scenario.name,
        scenario.rooms,
        bench.rooms.len()
    );
    sys::raise_descriptor_limit();
    let mut progress = Progress::new(&scenario.name);
    let identity = Arc::new(Identity::new(bench.profiles)?);
    let ledger = Arc::new(Ledger::default());
    progress.say("publishers go on air");
    let publishers = Publishers::start(scenario, bench, &identity, &ledger)?;
    std::thread::sleep(WARM_UP);
    let before = read_server(bench)?;

    let mut settings = Settings::new(Duration::from_millis(scenario.viewers.twcc_ms));
    settings.sample = scenario.viewers.sample;
    settings.exact = scenario.is_exact();
    settings.networks.clone_from(&scenario.network);
    settings.seed = scenario.seed;
    let settings = Arc::new(settings);
    let watchman = Watchman::start(bench.server_pid, settings.began);
    let (handles, pools) = start_pools(bench, &settings, &ledger)?;
    let joiner = Joiner {
        venue: bench.venue.clone(),
        rooms: bench.rooms[..scenario.rooms].to_vec(),
        video_slots: scenario.viewers.video_slots,
        identity,
        ledger: ledger.clone(),
        places: bench.places,
        pools: handles,
        progress: Arc::new(AtomicUsize::new(0)),
    };
    let (joined_so_far, viewers) = (joiner.progress.clone(), scenario.viewers_in_all());
    let (end, ended) = watch::channel(false);
    let waves = scenario.waves();
    let joins = std::thread::spawn(move || joiner.run(&waves, ended));

    let wait = |length: Duration, progress: &mut Progress, what: &str, changes: Option<&Changes>| {
        let from = Instant::now();
        while from.elapsed() < length {
            std::thread::sleep(STEP.min(length.saturating_sub(from.elapsed())));
            let done = from.elapsed().as_secs_f64() / length.as_secs_f64().max(0.001);
            progress.show(
                done,
                &format!("{what}, {} of {viewers} in", joined_so_far.load(Ordering::Relaxed)),
            );
            if let Some(changes) = changes {
                changes.turn(from.elapsed(), &settings, &publishers);
            }
        }
    };
    wait(scenario.steady_after(), &mut progress, "viewers come", None);
    let (steady_from, cpu_from, all_from) = (Instant::now(), read_server(bench)?, Shares::read()?);
    settings.set_phase(Phase::Steady);
    let changes = scenario.speaker_change.map(|change| Changes {
        every: Duration::from_secs_f64(change.every_s),
        done: AtomicUsize::new(0),
    });
    let window = Duration::from_secs_f64(scenario.seconds);
    wait(window, &mut progress, "measured", changes.as_ref());
    settings.set_phase(Phase::Drain);
    let (seconds, cpu_to, all_to) = (
        steady_from.elapsed().as_secs_f64(),
        read_server(bench)?,
        Shares::read()?,
    );
    let failed_early = publishers.threads.iter().any(JoinHandle::is_finished);
    publishers.tell(|control| control.pause.store(true, Ordering::Release));
    progress.say("goodbyes");
    std::thread::sleep(DRAIN);
    // Signalling ends first, so that nobody takes our goodbyes for an accident.
    let _ = end.send(true);
    settings.stop.store(true, Ordering::Release);

    let pools: Vec<PoolReport> = pools
        .into_iter()
        .map(|p| p.join().map_err(|_| anyhow!("a pool died"))?)
        .collect::<Result<_>>()?;
    let joined = joins.join().map_err(|_| anyhow!("the joiner died"))??;
    publishers.finish(failed_early)?;

    progress.say("the floor");
    let pattern = pools
        .iter()
        .map(|p| &p.counters.pattern)
        .find(|p| !p.is_empty())
        .cloned();
    let floor_us = floor::measure(&pattern.unwrap_or_else(floor::usual_pattern), viewers)?;
    let burst_from = if scenario.burst.is_some() {
        scenario.viewers.count
    } else {
        viewers
    };
    let mut outcome = Outcome::new(viewers, burst_from, pools, &joined);
    outcome.scenario.clone_from(&scenario.name);
    outcome.venue.clone_from(&bench.name);
    outcome.link.clone_from(&bench.link);
    outcome.mode.clone_from(&bench.mode);
    outcome.seconds = seconds;
    outcome.floor_us_per_packet = floor_us;
    outcome.publisher_keyframe_requests = ledger.keyframe_requests.load(Ordering::Relaxed);
    outcome.publisher_retransmitted = ledger.retransmitted.load(Ordering::Relaxed);
    if let (Some(before), Some(from), Some(to)) = (before, cpu_from, cpu_to) {
        outcome.server = Some(ServerCost::new(&before, &from, &to, &outcome));
    }
    all_to.compare(&all_from, bench.server_pid.is_some(), &mut outcome);
    outcome.judge_generator();
    let steady_s = steady_from.saturating_duration_since(settings.began).as_secs_f64();
    outcome.series.steady = (steady_s, steady_s + seconds);
    outcome.series.server = watchman.finish();
    progress.finish();
    Ok(outcome)
}

/// Who is the loudest when.
struct Changes {
    every: Duration,
    done: AtomicUsize,
}

impl Changes {
    /// Makes the change that is due at this time of the window, if one is.
    fn turn(&self, elapsed: Duration, settings: &Settings, publishers: &Publishers) {
        let due = (elapsed.as_secs_f64() / self.every.as_secs_f64()) as usize;
        if due <= self.done.load(Ordering::Relaxed) {
            return;
        }
        self.done.store(due, Ordering::Relaxed);
        let speaker = due % publishers.per_room;
        for (number, control) in publishers.controls.iter().enumerate() {
            let level = if number % publishers.per_room == speaker {
                LOUD
            } else {
                SILENT
            };
            control.minus_dbov.store(level, Ordering::Relaxed);
        }
        settings.change_speaker(speaker as u16, unix_ns());
    }
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

    fn compare(&self, before: &Self, server_is_known: bool, outcome: &mut Outcome) {
        let seconds_us = outcome.seconds.max(0.001) * 1e6;
        outcome.generator_cores = (self.own_us - before.own_us) as f64 / seconds_us;
        let machine = (self.machine_us - before.machine_us) as f64 / seconds_us;
        let server = outcome.server.as_ref().map_or(0.0, |server| server.server_cores);
        if server_is_known {
            outcome.other_cores = (machine - server - outcome.generator_cores).max(0.0);
        }
    }
}

fn read_server(bench: &Bench) -> Result<Option<Reading>> {
    bench.server_pid.map(process::read).transpose()
}

impl Publishers {
    /// Puts everybody on air, and waits until their media flows.
    fn start(scenario: &Scenario, bench: &Bench, identity: &Arc<Identity>, ledger: &Arc<Ledger>) -> Result<Self> {
        let (camera, per_room) = (scenario.publishers.camera(), scenario.publishers.per_room);
        let (mut acts, mut controls) = (Vec::new(), Vec::new());
        for room in &bench.rooms[..scenario.rooms] {
            for place in 0..per_room {
                let control = Arc::new(Control::default());
                let level = if place == 0 { LOUD } else { SILENT };
                control.minus_dbov.store(level, Ordering::Relaxed);
                controls.push(control.clone());
                acts.push(Act {
                    // Numbers are within the room: that is what a change of speaker is told by.
                    number: place as u16,
                    room: room.clone(),
                    name: Some(format!("Load test {place}")),
                    source: Box::new(Synthetic::new(camera)),
                    video_kbps: camera.layers_kbps().iter().sum(),
                    simulcast: camera.simulcast,
                    control,
                });
            }
        }
        let mut threads = Vec::new();
        while !acts.is_empty() {
            let some: Vec<Act> = acts.drain(..acts.len().min(ACTS_PER_THREAD)).collect();
            let (venue, identity, ledger) = (bench.venue.clone(), identity.clone(), ledger.clone());
            let work = move || publish(&*venue, &identity, some, &ledger);
            let thread = std::thread::Builder::new().name("publisher".into());
            threads.push(thread.spawn(work).context("publisher thread")?);
        }
        let publishers = Self {
            threads,
            controls,
            per_room,
        };
        let started = Instant::now();
        while !publishers
            .controls
            .iter()
            .all(|control| control.live.load(Ordering::Acquire))
        {
            // Its own error is the one to show when there is no media.
            if publishers.threads.iter().any(JoinHandle::is_finished) || started.elapsed() > PUBLISH_WITHIN {
                publishers.finish(true)?;
                bail!("a publisher got no media connection");
            }
            std::thread::sleep(STEP);
        }
        Ok(publishers)
    }

    fn tell(&self, what: impl Fn(&Control)) {
        self.controls.iter().for_each(|control| what(control));
    }

    /// Ends all; with `strict` the first error of one is the error.
    fn finish(self, strict: bool) -> Result<()> {
        self.tell(|control| control.stop.store(true, Ordering::Release));
        for thread in self.threads {
            let ended = thread.join().map_err(|_| anyhow!("a publisher died"))??;
            let ended: Result<Vec<()>> = ended.into_iter().collect();
            if strict {
                ended.context("a publisher")?;
            }
        }
        Ok(())
    }
}

type Pools = (Vec<PoolHandle>, Vec<JoinHandle<Result<PoolReport>>>);

fn start_pools(bench: &Bench, settings: &Arc<Settings>, ledger: &Arc<Ledger>) -> Result<Pools> {
    let (mut handles, mut pools) = (Vec::new(), Vec::new());
    for _ in 0..bench.pools.max(1) {
        let (poll, waker) = pool::prepare()?;
        let shared = bench.places.open_pool()?;
        let address = shared.as_ref().map(std::net::UdpSocket::local_addr).transpose()?;
        let port = address.map_or(0, |address| address.port());
        let (inbox, newcomers) = sync_channel(INBOX_MAX);
        let (settings, ledger) = (settings.clone(), ledger.clone());
        handles.push(PoolHandle { inbox, waker, port });
        let work = move || pool::run(poll, shared, &newcomers, &settings, &ledger);
        pools.push(
            std::thread::Builder::new()
                .name("viewers".into())
                .spawn(work)
                .context("pool thread")?,
        );
    }
    Ok((handles, pools))
}
