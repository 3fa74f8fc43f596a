// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One task per event: owns the pure hub, feeds it in rounds, keeps what it wants kept, then carries out what it asks.
//! A fault or a store that fails ends this event's sockets alone: another hub takes over from what was kept.

pub(crate) mod keeper;
mod outputs;
mod round;

use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use fiera_hub::{EventConfig, Hub, Input, Now, Recovered, RestoreError, StreamKey};
use fiera_protocol::ids::ParticipantId;
use fiera_protocol::limits::PLACE_GRACE_MS;
use fiera_protocol::view::EventPhase;
use fiera_store::StoreError;
use futures_util::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use self::keeper::Keeper;
use self::round::Round;
use crate::bridge::EventMedia;
use crate::event::{EventHandle, Message, SocketId};
use crate::events::Services;
use crate::identity::Identity;
use crate::limits::{FAULTS_FORGOTTEN_AFTER, FAULTS_MAX, LEASE_RENEW_EVERY, ROUND_MESSAGES_MAX, STORE_PROBE_EVERY};
use crate::outbox::Outbox;
use crate::recap_files::RecapFiles;
use crate::refusal::Refusal;
use crate::token::unix_ms;

/// What a task is started with.
pub(crate) struct Setup {
    pub(crate) config: EventConfig,
    pub(crate) keeper: Keeper,
    pub(crate) handle: EventHandle,
    pub(crate) services: Services,
}

/// Starts the event's task from what was kept; it ends with [`Message::Stop`].
///
/// # Errors
/// Where the configuration cannot be run, or what was kept cannot be read.
pub(crate) fn start(setup: Setup, kept: Recovered, inbox: mpsc::Receiver<Message>) -> Result<(), RestoreError> {
    let hub = restore(&setup, kept)?;
    let phase = hub.phase();
    let agenda = hub.agenda().into();
    setup
        .handle
        .update_summary(|summary| (summary.phase, summary.agenda) = (phase, agenda));
    tokio::spawn(supervise(setup, hub, inbox));
    Ok(())
}

fn restore(setup: &Setup, kept: Recovered) -> Result<Hub, RestoreError> {
    let keys = &setup.services.keys;
    let epoch = u32::from_le_bytes(keys.random());
    Hub::restore(setup.config.clone(), epoch, keys.random(), kept)
}

/// Who waits for the end of the task.
type Stop = Option<oneshot::Sender<()>>;

/// How a run of the task ended.
enum End {
    /// Asked to, or nobody is left to ask; what is held here is dropped once the store is let go of.
    Stopped(Stop),
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

async fn supervise(setup: Setup, hub: Hub, mut inbox: mpsc::Receiver<Message>) {
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
        recaps: RecapFiles::new(&setup.services.data),
        setup,
    };
    let event = task.setup.handle.id.clone();
    task.publish_summary();
    let mut faults = Faults::default();
    // How the next run begins: as it is, or with another hub on a store that takes writes, or does not.
    let mut restart = None;
    let stop = loop {
        let running = async {
            match restart {
                Some(writable) => task.restart(&mut inbox, writable).await?,
                None => task.keep_recap().await,
            }
            task.run(&mut inbox).await
        };
        let ended = AssertUnwindSafe(running).catch_unwind().await;
        restart = Some(match ended.map(|ended| ended.unwrap_or_else(|end| end)) {
            Ok(End::Stopped(stop)) => break stop,
            Ok(End::StoreFailed(error)) => {
                tracing::error!(%event, %error, "nothing can be stored; people can read and watch until it can be again");
                false
            }
            Ok(End::Taken(error)) => {
                tracing::error!(%event, %error, "another server has the event; it is closed here");
                break task.end_closed(&mut inbox).await;
            }
            Ok(End::Unreadable(error)) => {
                tracing::error!(%event, %error, "what was kept cannot be read; the event is closed until a restart");
                break task.end_closed(&mut inbox).await;
            }
            Err(_) => {
                let given_up = faults.another(Instant::now());
                tracing::error!(%event, faults = faults.count, "fault in the event's task; it is restored from what was kept");
                if given_up {
                    break task.end_closed(&mut inbox).await;
                }
                true
            }
        });
    };
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
}

struct EventTask {
    hub: Hub,
    media: EventMedia,
    sockets: HashMap<SocketId, Socket>,
    followers: HashMap<StreamKey, BTreeSet<SocketId>>,
    refused_program: Option<(ParticipantId, Refusal)>,
    /// What this event adds to the gauge of participants now.
    metric_people: i64,
    /// Which programme the summary has; none: perhaps none of this hub's.
    agenda_version: Option<u64>,
    started: Instant,
    lease_at: Instant,
    /// When the store is tried again, while nothing can be written.
    probe_at: Option<Instant>,
    /// When media connections of people who did not come back after a restart end.
    reap_at: Option<Instant>,
    recaps: RecapFiles,
    setup: Setup,
}

impl EventTask {
    async fn run(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Result<End, End> {
        loop {
            let wake_at = self.wake_at();
            let mut round = Round::default();
            // What is due comes first in every round, or it would never come while messages always wait.
            tokio::select! {
                biased;
                () = due(wake_at) => self.wake(&mut round).await?,
                message = inbox.recv() => match message {
                    Some(Message::Stop { stopped }) => return Ok(End::Stopped(Some(stopped))),
                    None => return Ok(End::Stopped(None)),
                    Some(message) => self.take(message, &mut round),
                },
            }
            let mut stop = None;
            while round.messages < ROUND_MESSAGES_MAX {
                match inbox.try_recv() {
                    Ok(Message::Stop { stopped }) => {
                        stop = Some(stopped);
                        break;
                    }
                    Ok(message) => self.take(message, &mut round),
                    Err(_) => break,
                }
            }
            self.settle(round).await?;
            if stop.is_some() {
                return Ok(End::Stopped(stop));
            }
        }
    }

    /// Makes a round durable, then carries it out.
    async fn settle(&mut self, round: Round) -> Result<(), StoreError> {
        if !round.batch.is_empty() {
            self.setup.keeper.commit(round.batch).await?;
            // Nobody is told that a text is erased while it stands in a file.
            self.keep_recap().await;
        }
        for effect in round.effects {
            self.carry_out(effect, round.now_unix_ms);
        }
        self.publish_summary();
        Ok(())
    }

    /// Once the event has ended its recap files say what is kept now.
    async fn keep_recap(&mut self) {
        if self.hub.phase() == EventPhase::Ended {
            self.recaps.write(self.hub.recap()).await;
        }
    }

    fn wake_at(&self) -> Instant {
        let deadline = self.hub.next_deadline();
        let deadline = deadline.map(|ms| self.started + Duration::from_millis(ms));
        let due = [deadline, self.probe_at, self.reap_at].into_iter().flatten();
        due.fold(self.lease_at, Instant::min)
    }

    /// Something is due.
    async fn wake(&mut self, round: &mut Round) -> Result<(), StoreError> {
        let now = Instant::now();
        if now >= self.lease_at {
            self.lease_at = now + LEASE_RENEW_EVERY;
            match self.setup.keeper.lease().await {
                // A store that cannot be written says so when something is to be kept.
                Ok(()) | Err(StoreError::Unavailable(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if self.probe_at.is_some_and(|at| now >= at) {
            self.probe_at = Some(now + STORE_PROBE_EVERY);
            if self.setup.keeper.probe().await.is_ok() {
                self.probe_at = None;
                tracing::info!(event = %self.setup.handle.id, "the store can be written again");
                self.feed(Input::Storage { writable: true }, round);
            }
        }
        if self.reap_at.is_some_and(|at| now >= at) {
            self.reap_at = None;
            self.media.reap(&self.hub);
        }
        self.feed(Input::Tick, round);
        Ok(())
    }

    fn now(&self) -> Now {
        let mono_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now {
            mono_ms,
            unix_ms: unix_ms(),
        }
    }

    fn publish_summary(&mut self) {
        let (people, phase, live) = (self.hub.people(), self.hub.phase(), self.media.is_live());
        self.setup.handle.update_summary(|summary| {
            summary.people = people;
            summary.phase = phase;
            summary.live = live;
        });
        let version = Some(self.hub.agenda_version());
        if self.agenda_version != version {
            self.agenda_version = version;
            let agenda = self.hub.agenda().into();
            self.setup.handle.update_summary(|summary| summary.agenda = agenda);
        }
        let people = i64::from(people);
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
        loop {
            match self.setup.keeper.load().await {
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
                    Ok(Some(Message::Stop { stopped })) => return Err(End::Stopped(Some(stopped))),
                    Ok(None) => return Err(End::Stopped(None)),
                    Ok(Some(_)) => {}
                    Err(_) => break,
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
        self.settle(round).await?;
        self.setup.handle.update_summary(|summary| summary.read_only = false);
        Ok(())
    }

    /// Answers nobody any more; what is known of the event stays readable.
    async fn end_closed(&mut self, inbox: &mut mpsc::Receiver<Message>) -> Stop {
        self.setup.handle.update_summary(|summary| summary.read_only = true);
        self.setup.services.metrics.participants(-self.metric_people);
        self.metric_people = 0;
        self.sockets.clear();
        self.followers.clear();
        self.media.end_people();
        // What comes in is dropped, and with it the reply that somebody may wait for.
        loop {
            match inbox.recv().await {
                Some(Message::Stop { stopped }) => return Some(stopped),
                Some(_) => {}
                None => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests;
