// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The supervisor: a fault ends one event's sockets, never the server; facts are replayed.

use std::sync::Arc;
use std::time::Instant;

use fiera_media::{Media, MediaConfig};
use fiera_protocol::client::Command;
use fiera_protocol::codec::parse_server_frame;
use fiera_protocol::ids::{CommandId, Role};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::EventPhase;
use fiera_store::memory::MemoryStore;
use tokio::sync::{mpsc, oneshot};

use crate::event::{EventHandle, Message, SocketId};
use crate::events::{Events, Services};
use crate::fair::Fair;
use crate::identity::Identity;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::outbox::{Outgoing, outbox};

struct Stage {
    events: Events,
    _media: Media,
}

async fn stage(names: &[&str]) -> Stage {
    let bind = "127.0.0.1:0".parse().unwrap();
    let media = Media::start(
        MediaConfig {
            bind,
            advertise: Vec::new(),
        },
        Box::new(|_| ()),
    )
    .unwrap();
    let services = Services {
        media: media.handle(),
        store: Arc::new(MemoryStore::default()),
        keys: Arc::new(Keys::derive(&[7; 64]).unwrap()),
        metrics: Arc::new(Metrics::new().unwrap()),
        data: std::env::temp_dir().as_path().into(),
    };
    let events = Events::default();
    for name in names {
        let fair = Fair::parse(&format!("id = \"{name}\"\nphase = \"open\"\ntitle = \"A fair\"\n")).unwrap();
        events.start(&fair, &services).await.unwrap();
    }
    Stage { events, _media: media }
}

impl Stage {
    fn event(&self, name: &str) -> EventHandle {
        self.events.by_id(&name.parse().unwrap()).unwrap()
    }
}

async fn open(event: &EventHandle, socket: SocketId) -> mpsc::Receiver<Outgoing> {
    let (outbox, receiver) = outbox();
    let identity = Identity {
        role: Role::Organiser,
        ..Identity::guest(None)
    };
    let opened = Message::Opened {
        socket,
        identity,
        resume: None,
        outbox,
        hello_at: Instant::now(),
    };
    assert!(event.send(opened).await);
    receiver
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
