// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The supervisor: a fault ends one event's sockets, never the server; facts are replayed.

mod emergency;
mod props;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fiera_media::{Media, MediaConfig};
use fiera_protocol::client::Command;
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::ids::{CommandId, ParticipantId, Role};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase};
use fiera_store::Store;
use fiera_store::memory::MemoryStore;
use tokio::sync::{mpsc, oneshot};

use self::props::Props;
use super::Faults;
use crate::event::{EventHandle, Look, Message, SocketId};
use crate::events::{Events, Services};
use crate::fair::Fair;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::limits::{FAULTS_FORGOTTEN_AFTER, FAULTS_MAX, OUTBOX_MESSAGES_MAX};
use crate::metrics::Metrics;
use crate::outbox::{Outgoing, outbox};

struct Stage {
    events: Events,
    media: Media,
}

async fn stage(names: &[&str]) -> Stage {
    stage_on(names, Arc::new(MemoryStore::default())).await
}

async fn stage_on(names: &[&str], store: Arc<dyn Store>) -> Stage {
    let bind = "127.0.0.1:0".parse().unwrap();
    let media = Media::start(
        MediaConfig {
            bind,
            advertise: Vec::new(),
            // Viewers are on it at once: with several threads they are on none before their first datagram.
            threads: Some(1),
        },
        Box::new(|_| ()),
    )
    .unwrap();
    let services = Services {
        media: media.handle(),
        store,
        keys: Arc::new(Keys::derive(&[7; 64]).unwrap()),
        metrics: Arc::new(Metrics::new().unwrap()),
        data: std::env::temp_dir().as_path().into(),
    };
    let events = Events::default();
    for name in names {
        let room = "[[room]]\nid = \"main\"\nkind = \"stage\"\ntitle = \"Main\"\n";
        let fair = Fair::parse(&format!(
            "id = \"{name}\"\nphase = \"open\"\ntitle = \"A fair\"\n{room}"
        ))
        .unwrap();
        events.start(&fair, &services).await.unwrap();
    }
    Stage { events, media }
}

impl Stage {
    fn event(&self, name: &str) -> EventHandle {
        self.events.by_id(&name.parse().unwrap()).unwrap()
    }
}

async fn open(event: &EventHandle, socket: SocketId) -> mpsc::Receiver<Outgoing> {
    open_as(event, socket, Role::Organiser).await.0
}

async fn open_as(event: &EventHandle, socket: SocketId, role: Role) -> (mpsc::Receiver<Outgoing>, ParticipantId) {
    let (outbox, receiver) = outbox();
    let identity = Identity {
        role,
        ..Identity::guest(None)
    };
    let participant = identity.participant;
    let opened = Message::Opened {
        socket,
        identity,
        resume: None,
        outbox,
        hello_at: Instant::now(),
    };
    assert!(event.send(opened).await);
    (receiver, participant)
}

async fn next(outgoing: &mut mpsc::Receiver<Outgoing>) -> Option<ServerMessage> {
    match outgoing.recv().await? {
        Outgoing::Text { text, .. } => parse_server_frame(&format!("[{text}]")).unwrap().pop(),
        Outgoing::Close => None,
    }
}

/// Everything that was sent before has been carried out.
async fn settled(event: &EventHandle) {
    let (reply, answer) = oneshot::channel();
    event
        .send(Message::Release {
            resource: String::new(),
            reply,
        })
        .await;
    assert_eq!(answer.await, Ok(false));
}

#[tokio::test]
async fn a_fault_ends_the_sockets_of_one_event_and_its_phase_comes_back_from_facts() {
    let stage = stage(&["a", "b"]).await;
    let (a, b) = (stage.event("a"), stage.event("b"));
    let (mut of_a, mut of_b) = (open(&a, 1).await, open(&b, 2).await);
    let command = Command::SetEventPhase {
        phase: EventPhase::Live,
    };
    a.send(Message::Command {
        socket: 1,
        id: CommandId(uuid::Uuid::new_v4()),
        command,
    })
    .await;
    let accepted = |message: &ServerMessage| matches!(message, ServerMessage::Accepted { .. });
    while !accepted(&next(&mut of_a).await.expect("an answer")) {}
    a.send(Message::Fault).await;
    settled(&a).await;
    while next(&mut of_a).await.is_some() {}
    assert_eq!(
        a.summary().phase,
        EventPhase::Live,
        "a new hub stands where the facts say"
    );
    assert_eq!(a.summary().people, 0);
    let mut again = open(&a, 3).await;
    assert!(matches!(next(&mut again).await, Some(ServerMessage::Welcome { .. })));
    settled(&b).await;
    assert!(
        matches!(next(&mut of_b).await, Some(ServerMessage::Welcome { .. })),
        "the other event goes on"
    );
    assert_eq!(b.summary().people, 1);
}

#[tokio::test]
async fn a_second_fault_leaves_the_event_readable_and_closed() {
    let stage = stage(&["a"]).await;
    let a = stage.event("a");
    a.send(Message::Fault).await;
    settled(&a).await;
    let mut people = open(&a, 1).await;
    a.send(Message::Fault).await;
    let (reply, answer) = oneshot::channel();
    a.send(Message::Release {
        resource: String::new(),
        reply,
    })
    .await;
    assert!(answer.await.is_err(), "nobody answers");
    assert!(a.summary().read_only);
    while next(&mut people).await.is_some() {}
    assert_eq!(a.summary().phase, EventPhase::Open, "what is known stays readable");
}

#[tokio::test]
async fn l4_who_does_not_read_is_let_go_alone_and_comes_back_to_snapshots() {
    let stage = stage(&["a"]).await;
    let a = stage.event("a");
    let (mut slow, mut quick) = (open(&a, 1).await, open(&a, 2).await);
    for _ in 0..=OUTBOX_MESSAGES_MAX {
        a.send(Message::Roster { socket: 1, after: None }).await;
        a.send(Message::Roster { socket: 2, after: None }).await;
        settled(&a).await;
        while quick.try_recv().is_ok() {}
    }
    let mut waited = 0;
    while next(&mut slow).await.is_some() {
        waited += 1;
    }
    assert_eq!(waited, OUTBOX_MESSAGES_MAX, "what was in the queue, and its end");
    a.send(Message::Roster { socket: 2, after: None }).await;
    assert!(next(&mut quick).await.is_some(), "nobody else is cut off");
    a.send(Message::Closed {
        socket: 1,
        goodbye: false,
        left: false,
    })
    .await;
    let mut again = open(&a, 3).await;
    let mut streams = 0;
    while let Some(message) = next(&mut again).await {
        streams += u32::from(matches!(message, ServerMessage::Snapshot { .. }));
        if matches!(message, ServerMessage::Resume { .. }) {
            break;
        }
    }
    assert!(streams >= 2, "the event and oneself");
}

/// Looks that ask for another one: the inbox is never empty while `on`.
fn flood(event: EventHandle, on: Arc<AtomicBool>) -> Message {
    Message::Look(Look::new(move |_| {
        move || {
            if on.load(Ordering::Relaxed) {
                let _ = event.inbox.clone().try_send(flood(event, on));
            }
        }
    }))
}

#[tokio::test]
async fn what_is_due_is_done_while_messages_always_wait() {
    let stage = stage(&["a"]).await;
    let a = stage.event("a");
    let mut seen = open(&a, 1).await;
    let _others = (open(&a, 2).await, open(&a, 3).await);
    let on = Arc::new(AtomicBool::new(true));
    a.send(flood(a.clone(), on.clone())).await;
    let three = async {
        loop {
            let message = next(&mut seen).await.expect("an open socket");
            if let ServerMessage::Update {
                change: Change::Counts { people: 3, .. },
                ..
            } = message
            {
                break;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(10), three).await;
    on.store(false, Ordering::Relaxed);
    assert!(told.is_ok(), "the count waits for a deadline of the hub");
}

#[test]
fn a_fault_counts_no_more_after_a_while() {
    let (mut faults, start) = (Faults::default(), tokio::time::Instant::now());
    let mut at = start;
    for _ in 0..FAULTS_MAX * 3 {
        assert!(!faults.another(at));
        at += FAULTS_FORGOTTEN_AFTER;
    }
    at -= Duration::from_secs(1);
    let given_up = (1..FAULTS_MAX).map(|_| faults.another(at));
    assert_eq!(given_up.last(), Some(true));
}

#[tokio::test]
async fn what_cannot_be_read_after_a_fault_closes_the_event() {
    let store = Props::new();
    let stage = stage_on(&["a", "b"], store.clone()).await;
    let (a, b) = (stage.event("a"), stage.event("b"));
    let mut people = open(&a, 1).await;
    store.unreadable.store(true, Ordering::Relaxed);
    a.send(Message::Fault).await;
    while next(&mut people).await.is_some() {}
    let (reply, answer) = oneshot::channel();
    let resource = String::new();
    a.send(Message::Release { resource, reply }).await;
    assert!(answer.await.is_err(), "nobody answers");
    assert!(a.summary().read_only && !b.summary().read_only);
}
