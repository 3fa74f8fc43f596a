// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One task per event: owns the pure hub, feeds it in rounds, keeps what it wants kept, then carries out what it asks.
//! It goes on taking messages while the store is at work; see `round` for what does not wait for it.
//! A fault or a store that fails ends this event's sockets alone: another hub takes over from what was kept.

pub(crate) mod keeper;
mod outputs;
mod round;
mod work;

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use fiera_hub::{EventConfig, Hub, Input, Now, Recovered, RestoreError, StreamKey};
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::limits::PLACE_GRACE_MS;
use fiera_protocol::view::EventPhase;
use fiera_store::StoreError;
use futures_util::FutureExt;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::time::Instant;

use self::keeper::Keeper;
use self::round::{Closed, Round, Rounds};
use self::work::{Done, Files, Work};
use crate::bridge::EventMedia;
use crate::event::{EventHandle, Message, SocketId};
use crate::events::Services;
use crate::identity::Identity;
use crate::limits::{FAULTS_FORGOTTEN_AFTER, FAULTS_MAX, LEASE_RENEW_EVERY, STORE_PROBE_EVERY};
use crate::outbox::Outbox;
use crate::recap_files::RecapFiles;
use crate::refusal::Refusal;
use crate::token::unix_ms;

/// What a task is started with.
pub(crate) struct Setup {
    pub(crate) config: EventConfig,
    pub(crate) handle: EventHandle,
    pub(crate) services: Services,
}

/// Starts the event's task from what was kept; it ends with [`Message::Stop`].
///
/// # Errors
/// Where the configuration cannot be run, or what was kept cannot be read.
pub(crate) fn start(
    setup: Setup,
    keeper: Keeper,
    kept: Recovered,
    inbox: mpsc::Receiver<Message>,
) -> Result<(), RestoreError> {
    let hub = restore(&setup, kept)?;
    let phase = hub.phase();
    let agenda = hub.agenda().into();
    setup
        .handle
        .update_summary(|summary| (summary.phase, summary.agenda) = (phase, agenda));
    tokio::spawn(supervise(setup, keeper, hub, inbox));
    Ok(())
}

fn restore(setup: &Setup, kept: Recovered) -> Result<Hub, RestoreError> {
    let keys = &setup.services.keys;
    let epoch = u32::from_le_bytes(keys.random());
    Hub::restore(setup.config.clone(), epoch, keys.random(), kept)
}

/// The task is to end: who waits for it, or nobody where nobody is left to ask.
type Stop = Option<oneshot::Sender<()>>;

/// How a run of the task ended.
enum End {
    /// Asked to; see [`EventTask::stop`].
    Stopped,
    /// Nothing can be written at present.
    StoreFailed(StoreError),
    /// Another server has the event.
    Taken(StoreError),
    /// What was kept is there but cannot be read.
    Unreadable(RestoreError),
}

impl From<StoreError> for End {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::StoreFailed(error),
            StoreError::Conflict { .. } | StoreError::Leased { .. } => Self::Taken(error),
        }
    }
}

async fn supervise(setup: Setup, keeper: Keeper, hub: Hub, mut inbox: mpsc::Receiver<Message>) {
    let media = EventMedia::new(setup.services.media.clone(), setup.handle.clone());
    let now = Instant::now();
    let mut task = EventTask {
        hub,
        media,
        sockets: HashMap::new(),
        followers: HashMap::new(),
        refused_program: None,
        metric_people: 0,
        agenda_version: None,
        started: now,
        lease_at: now + LEASE_RENEW_EVERY,
        probe_at: None,
        reap_at: None,
        files: Files {
            keeper: Arc::new(Mutex::new(keeper)),
            recaps: Arc::new(Mutex::new(RecapFiles::new(&setup.services.data))),
        },
        work: None,
        stop: None,
        setup,
    };
    let event = task.setup.handle.id.clone();
    let round = task.close(Round::default());
    task.conclude(round);
    let mut faults = Faults::default();
    // How the next run begins: as it is, or with another hub on a store that takes writes, or does not.
    let mut restart = None;
    // However a run ends: who waits for the task's end is not forgotten, or another one would run the event meanwhile.
    while task.stop.is_none() {
        let running = async {
            match restart {
                Some(writable) => task.restart(&mut inbox, writable).await?,
                None => task.keep_recap().await,
            }
            task.run(&mut inbox).await
        };
        let ended = AssertUnwindSafe(running).catch_unwind().await;
        restart = Some(match ended.map(|ended| ended.unwrap_or_else(|end| end)) {
            Ok(End::Stopped) => break,
            Ok(End::StoreFailed(error)) => {
                tracing::error!(%event, %error, "nothing can be stored; people can read and watch until it can be again");
                false
            }
            Ok(End::Taken(error)) => {
                tracing::error!(%event, %error, "another server has the event; it is closed here");
                task.end_closed(&mut inbox).await;
                break;
            }
            Ok(End::Unreadable(error)) => {
                tracing::error!(%event, %error, "what was kept cannot be read; the event is closed until a restart");
                task.end_closed(&mut inbox).await;
                break;
            }
            Err(_) => {
                let given_up = faults.another(Instant::now());
                tracing::error!(%event, faults = faults.count, "fault in the event's task; it is restored from what was kept");
                if given_up {
                    task.end_closed(&mut inbox).await;
                    break;
                }
                true
            }
        });
    }
    task.end_work().await;
    let stop = task.stop.take();
    drop(task);
    drop(stop);
}

/// Faults that still count.
#[derive(Debug, Default)]
struct Faults {
    count: u32,
    last: Option<Instant>,
}

impl Faults {
    /// Counts one more; true where there were too many.
    fn another(&mut self, now: Instant) -> bool {
        if self.last.is_some_and(|last| now - last >= FAULTS_FORGOTTEN_AFTER) {
            self.count = 0;
        }
        (self.count, self.last) = (self.count + 1, Some(now));
        self.count >= FAULTS_MAX
    }
}

/// Ends at `at`: at once where that has passed, whatever the timer of the runtime has noticed.
async fn due(at: Instant) {
    if Instant::now() < at {
        tokio::time::sleep_until(at).await;
    }
}

struct Socket {
    outbox: Outbox,
    identity: Identity,
    /// When its person asked to join, until its first rack.
    hello_at: Option<std::time::Instant>,
    /// What waits for the store and is to be told before anything is told directly: its welcome, and what took its place
    /// behind that.
    told_first: usize,
}

struct EventTask {
    hub: Hub,
    media: EventMedia,
    sockets: HashMap<SocketId, Socket>,
    followers: HashMap<StreamKey, BTreeSet<SocketId>>,
    refused_program: Option<(ParticipantId, Refusal)>,
    /// What this event adds to the gauge of participants now.
    metric_people: i64,
    /// Which programme the summary has, or will have with a round that waits; none: perhaps none of this hub's.
    agenda_version: Option<u64>,
    started: Instant,
    lease_at: Instant,
    /// When the store is tried again, while nothing can be written.
    probe_at: Option<Instant>,
    /// When media connections of people who did not come back after a restart end.
    reap_at: Option<Instant>,
    files: Files,
    /// What the store is doing.
    work: Option<Work>,
    /// The task ends once the store has done what came before; dropped when it has let go of it.
    stop: Option<Stop>,
    setup: Setup,
}

impl EventTask {
    async fn run(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<End, End> {
        let mut rounds = Rounds::default();
        loop {
            self.employ_store(&mut rounds);
            if self.stop.is_some() && self.work.is_none() {
                return Ok(End::Stopped);
            }
            let takes = self.stop.is_none() && rounds.have_room();
            let wake_at = self.wake_at();
            // What is kept is told first; what is due comes before messages, or it would never come while they always wait.
            tokio::select! {
                biased;
                done = work::done(&mut self.work) => self.finish(done?, &mut rounds),
                () = due(wake_at), if takes => self.wake(rounds.open()),
                message = inbox.recv(), if takes => self.take_all(message, inbox, &mut rounds),
            }
        }
    }

    /// Gives the store what is to be done next, unless it is at work. A round of which nothing is kept needs no store.
    fn employ_store(&mut self, rounds: &mut Rounds) {
        while self.work.is_none() {
            let now = Instant::now();
            if now >= self.lease_at {
                self.lease_at = now + LEASE_RENEW_EVERY;
                self.work = Some(Work::lease(self.files.clone()));
            } else if self.probe_at.is_some_and(|at| now >= at) {
                self.probe_at = Some(now + STORE_PROBE_EVERY);
                self.work = Some(Work::probe(self.files.clone()));
            } else if let Some(round) = self.next_round(rounds) {
                if round.batch.is_empty() {
                    self.conclude(round);
                } else {
                    self.work = Some(Work::keep(self.files.clone(), round));
                }
            } else {
                return;
            }
        }
    }

    /// The store has done something.
    fn finish(&mut self, done: Done, rounds: &mut Rounds) {
        match done {
            Done::Kept(round) => self.conclude(*round),
            Done::Probed { writable: true } => {
                self.probe_at = None;
                tracing::info!(event = %self.setup.handle.id, "the store can be written again");
                self.feed(Input::Storage { writable: true }, rounds.open());
            }
            Done::Leased | Done::Probed { writable: false } => {}
        }
    }

    /// Carries out a round that is durable.
    fn conclude(&mut self, round: Round) {
        for effect in round.effects {
            self.carry_out(effect, round.now_unix_ms);
        }
        if let Some(closed) = round.closed {
            self.publish_summary(closed);
        }
    }

    fn wake_at(&self) -> Instant {
        let deadline = self.hub.next_deadline();
        let deadline = deadline.map(|ms| self.started + Duration::from_millis(ms));
        let of_store = [Some(self.lease_at), self.probe_at];
        let of_store = of_store.into_iter().flatten().filter(|_| self.work.is_none());
        let due = [deadline, self.reap_at].into_iter().flatten().chain(of_store);
        // While the store is at work its end is waited for as well.
        due.min().unwrap_or_else(|| Instant::now() + LEASE_RENEW_EVERY)
    }

    /// Something is due.
    fn wake(&mut self, round: &mut Round) {
        if self.reap_at.is_some_and(|at| Instant::now() >= at) {
            self.reap_at = None;
            self.media.reap(&self.hub);
        }
        round.begun = true;
        self.feed(Input::Tick, round);
    }

    /// Once the event has ended its recap files say what is kept now.
    async fn keep_recap(&mut self) {
        if self.hub.phase() == EventPhase::Ended {
            let recap = self.hub.recap();
            self.files.recaps.lock().await.write(recap).await;
        }
    }

    fn now(&self) -> Now {
        let mono_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            mono_ms,
            unix_ms: unix_ms(),
        }
    }

    fn publish_summary(&mut self, closed: Closed) {
        let live = self.media.is_live();
        self.setup.handle.update_summary(|summary| {
            summary.people = closed.people;
            summary.phase = closed.phase;
            summary.live = live;
            if let Some(agenda) = closed.agenda {
                summary.agenda = agenda;
            }
        });
        let people = i64::from(closed.people);
        self.setup.services.metrics.participants(people - self.metric_people);
        self.metric_people = people;
    }

    /// Another hub from what was kept; sockets end and come back by their resume tokens, media goes on. While it lasts
    /// nobody is let in.
    ///
    /// # Errors
    /// Where the task was asked to end meanwhile, what was kept cannot be read, or what goes on could not be stored:
    /// then the hub is ahead of the store and another one is needed.
    async fn restart(&mut self, inbox: &mut mpsc::Receiver<Message>, writable: bool) -> Result<(), End> {
        self.sockets.clear();
        self.followers.clear();
        self.refused_program = None;
        let event = self.setup.handle.id.clone();
        // A fault may have come while the store was at work: it is done or not before anything is read.
        self.end_work().await;
        loop {
            match self.files.keeper.lock().await.load().await {
                Ok(kept) => match restore(&self.setup, kept) {
                    Ok(hub) => {
                        self.hub = hub;
                        self.agenda_version = None;
                        break;
                    }
                    Err(error) => return Err(End::Unreadable(error)),
                },
                Err(error) => tracing::error!(%event, %error, "the store cannot be read"),
            }
            self.setup.handle.update_summary(|summary| summary.read_only = true);
            let again_at = Instant::now() + STORE_PROBE_EVERY;
            loop {
                // What comes in meanwhile is dropped, and with it the reply that somebody may wait for.
                match tokio::time::timeout_at(again_at, inbox.recv()).await {
                    Ok(Some(Message::Stop { stopped })) => self.stop = Some(Some(stopped)),
                    Ok(None) => self.stop = Some(None),
                    Ok(Some(_)) => {}
                    Err(_) => break,
                }
                if self.stop.is_some() {
                    return Err(End::Stopped);
                }
            }
        }
        self.probe_at = (!writable).then(|| Instant::now() + STORE_PROBE_EVERY);
        self.reap_at = Some(Instant::now() + Duration::from_millis(PLACE_GRACE_MS));
        let mut round = Round::default();
        if !writable {
            self.feed(Input::Storage { writable: false }, &mut round);
        }
        for input in self.media.restart() {
            self.feed(input, &mut round);
        }
        // What this round wants kept is about programs that go on, which nobody was told of yet.
        let round = self.close(round);
        let round = self.files.clone().keep(round).await?;
        self.conclude(round);
        self.setup.handle.update_summary(|summary| summary.read_only = false);
        Ok(())
    }

    /// Waits for the end of what the store is doing, whatever comes of it.
    async fn end_work(&mut self) {
        if let Some(work) = self.work.take() {
            let _ = AssertUnwindSafe(work.end()).catch_unwind().await;
        }
    }

    /// Answers nobody any more until the task is to end; what is known of the event stays readable.
    async fn end_closed(&mut self, inbox: &mut mpsc::Receiver<Message>) {
        self.setup.handle.update_summary(|summary| summary.read_only = true);
        self.setup.services.metrics.participants(-self.metric_people);
        self.metric_people = 0;
        self.sockets.clear();
        self.followers.clear();
        self.media.end_people();
        // What comes in is dropped, and with it the reply that somebody may wait for.
        while self.stop.is_none() {
            match inbox.recv().await {
                Some(Message::Stop { stopped }) => self.stop = Some(Some(stopped)),
                Some(_) => {}
                None => self.stop = Some(None),
            }
        }
    }
}

#[cfg(test)]
mod tests;
