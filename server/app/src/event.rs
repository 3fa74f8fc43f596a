// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The door to one event's task: what can be sent to it, and what others may know of it without asking.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use fiera_hub::{Hub, SaidLine};
use fiera_protocol::client::Command;
use fiera_protocol::fair::Localised;
use fiera_protocol::ids::{
    AuthorSecret, CommandId, DisplayName, EventId, ParticipantId, PollId, Role, RoomId, StandId,
};
use fiera_protocol::programme::AgendaSlot;
use fiera_protocol::resume::ResumePlace;
use fiera_protocol::view::{EventPhase, StreamId, StreamPosition};
use tokio::sync::{mpsc, oneshot};

use crate::bridge::{MediaReport, PublisherLink, QualityReport, ResourceId, ViewerLink};
use crate::identity::Identity;
use crate::outbox::Outbox;
use crate::refusal::Refusal;

/// A socket, numbered within the process.
pub(crate) type SocketId = u64;

/// What an event's task is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// A socket said a valid `hello`.
    Opened {
        socket: SocketId,
        identity: Identity,
        resume: Option<ResumePlace>,
        outbox: Outbox,
        hello_at: Instant,
    },
    /// A socket is gone.
    Closed {
        socket: SocketId,
        /// It was closed in order by the other side; otherwise the network may have broken.
        goodbye: bool,
        /// The person left on purpose.
        left: bool,
    },
    /// From a client.
    Command {
        socket: SocketId,
        id: CommandId,
        command: Command,
    },
    /// From a client.
    Resync {
        socket: SocketId,
        stream: StreamId,
        have: Option<StreamPosition>,
    },
    /// From a client.
    Mine {
        socket: SocketId,
        secrets: Vec<AuthorSecret>,
    },
    /// A program writes down what is said.
    Captions {
        source: ParticipantId,
        role: Role,
        room: RoomId,
        lines: Vec<SaidLine>,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// From a client.
    FollowUps { socket: SocketId },
    /// From a client.
    PollDraft { socket: SocketId, poll: PollId },
    /// From a client.
    Cards { socket: SocketId, room: RoomId },
    /// From a client.
    Stand { socket: SocketId, stand: StandId },
    /// From a client.
    StandMessages {
        socket: SocketId,
        stand: StandId,
        secret: Option<AuthorSecret>,
    },
    /// From a client.
    Roster {
        socket: SocketId,
        after: Option<ParticipantId>,
    },
    /// A rack was negotiated.
    Watch {
        socket: SocketId,
        rack: u32,
        link: Box<ViewerLink>,
    },
    /// From a client.
    Want {
        socket: SocketId,
        slot: u8,
        height: Option<u16>,
    },
    /// From a client.
    StopWatching { socket: SocketId },
    /// Publishing was negotiated.
    Publish {
        socket: SocketId,
        offer: Option<u32>,
        answer: Box<str>,
        link: Box<PublisherLink>,
    },
    /// From a client.
    StopPublishing { socket: SocketId },
    /// A program wants to publish by WHIP.
    Whip {
        participant: ParticipantId,
        name: DisplayName,
        room: RoomId,
        link: Box<PublisherLink>,
        resource: ResourceId,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// A program wants to watch by WHEP.
    Whep {
        room: RoomId,
        link: Box<ViewerLink>,
        resource: ResourceId,
        since: Instant,
        reply: oneshot::Sender<Result<(), Refusal>>,
    },
    /// DELETE on a WHIP or WHEP resource; answers whether there was one.
    Release {
        resource: ResourceId,
        reply: oneshot::Sender<bool>,
    },
    /// The media plane reports something of this event.
    Media(MediaReport),
    /// How those who watch in its rooms fare.
    Quality(QualityReport),
    /// Somebody wants to read the event.
    Look(Look),
    /// The server ends; what came before is carried out first.
    Stop {
        /// Dropped when the task has ended.
        stopped: oneshot::Sender<()>,
    },
    /// A broken invariant, for the tests of the supervisor.
    #[cfg(test)]
    Fault,
}

/// A look at the event as everybody is told it is.
pub(crate) struct Look(Box<dyn FnOnce(&Hub) -> Seen + Send>);

/// Says what was seen. To be called once what was seen is kept.
pub(crate) type Seen = Box<dyn FnOnce() + Send>;

impl Look {
    /// Runs `work` in the event's task, and what it returns once nothing can take back what it saw.
    pub(crate) fn new<S: FnOnce() + Send + 'static>(work: impl FnOnce(&Hub) -> S + Send + 'static) -> Self {
        Self(Box::new(move |hub| Box::new(work(hub))))
    }

    pub(crate) fn at(self, hub: &Hub) -> Seen {
        (self.0)(hub)
    }
}

impl std::fmt::Debug for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Look")
    }
}

/// What anybody may know of an event without waiting for its task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) title: String,
    pub(crate) titles: Localised,
    pub(crate) organiser: Option<String>,
    pub(crate) starts_unix_ms: Option<u64>,
    pub(crate) ends_unix_ms: Option<u64>,
    pub(crate) agenda: Arc<[AgendaSlot]>,
    pub(crate) time_zone: Option<String>,
    pub(crate) phase: EventPhase,
    pub(crate) people: u32,
    pub(crate) live: bool,
    pub(crate) keeps_captions: bool,
    pub(crate) rooms: Vec<RoomId>,
    /// The same rooms with their titles.
    pub(crate) room_titles: Arc<[(RoomId, Localised)]>,
    /// The first stage, or else the first room.
    pub(crate) main_room: Option<RoomId>,
    /// After repeated faults: it answers nothing any more until the server is started anew.
    pub(crate) read_only: bool,
}

/// A cheap way to one event.
#[derive(Debug, Clone)]
pub(crate) struct EventHandle {
    pub(crate) id: EventId,
    /// Part of every key that the media plane gets, so that its reports find their event.
    pub(crate) index: u32,
    pub(crate) inbox: mpsc::Sender<Message>,
    summary: Arc<RwLock<Summary>>,
    next_key: Arc<AtomicU64>,
}

impl EventHandle {
    pub(crate) fn new(id: EventId, index: u32, inbox: mpsc::Sender<Message>, summary: Summary) -> Self {
        Self {
            id,
            index,
            inbox,
            summary: Arc::new(RwLock::new(summary)),
            next_key: Arc::new(AtomicU64::new(1)),
        }
    }

    /// What is known now.
    pub(crate) fn summary(&self) -> Summary {
        self.summary.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes what is known.
    pub(crate) fn update_summary(&self, change: impl FnOnce(&mut Summary)) {
        change(&mut self.summary.write().unwrap_or_else(PoisonError::into_inner));
    }

    /// A number for the media plane, never used before in this process.
    pub(crate) fn next_key(&self) -> u64 {
        (u64::from(self.index) << 40) | self.next_key.fetch_add(1, Ordering::Relaxed)
    }

    /// Reads the event; none where it runs no more.
    pub(crate) async fn look<T: Send + 'static>(&self, work: impl FnOnce(&Hub) -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let look = Look::new(move |hub| {
            let seen = work(hub);
            move || {
                let _ = reply.send(seen);
            }
        });
        if !self.send(Message::Look(look)).await {
            return None;
        }
        answer.await.ok()
    }

    /// Ends the event's task and waits until it has let go of the store.
    pub(crate) async fn stop(&self) {
        let (stopped, gone) = oneshot::channel();
        if self.send(Message::Stop { stopped }).await {
            let _ = gone.await;
        }
    }

    /// Sends and waits while the inbox is full; false where the event runs no more.
    pub(crate) async fn send(&self, message: Message) -> bool {
        self.inbox.send(message).await.is_ok()
    }
}
