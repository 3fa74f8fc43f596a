// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! Nobody is told what is not kept; a store that fails is noticed, said and survived; a restart loses and doubles
//! nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fiera_protocol::client::Command;
use fiera_protocol::fair::{QuestionStage, RoomSettings};
use fiera_protocol::ids::{AuthorSecret, CommandId, Role};
use fiera_protocol::server::ServerMessage;
use fiera_protocol::view::{Change, EventPhase, EventView, RoomView, StreamState};
use fiera_store::memory::MemoryStore;
use fiera_store::{Answer, Batch, Kept, Lease, Snapshot, Store, StoreError};
use tokio::sync::Semaphore;

use crate::site::{Client, Site, new_folder};

/// A store whose writes wait for a permit, or fail.
struct Gate {
    inner: MemoryStore,
    full: AtomicBool,
    waiting: Semaphore,
    go: Semaphore,
    shut: AtomicBool,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::default(),
            full: AtomicBool::new(false),
            waiting: Semaphore::new(0),
            go: Semaphore::new(0),
            shut: AtomicBool::new(false),
        })
    }

    fn check(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreError::Unavailable("the disk is full".to_owned()));
        }
        Ok(())
    }
}

impl Store for Gate {
    fn commit<'a>(&'a self, event: &'a str, expected_seq: u64, batch: Batch) -> Answer<'a, u64> {
        Box::pin(async move {
            self.check()?;
            if self.shut.load(Ordering::SeqCst) {
                self.waiting.add_permits(1);
                self.go.acquire().await.unwrap().forget();
            }
            self.inner.commit(event, expected_seq, batch).await
        })
    }

    fn load<'a>(&'a self, event: &'a str) -> Answer<'a, Kept> {
        self.inner.load(event)
    }

    fn setups(&self) -> Answer<'_, BTreeMap<String, Vec<u8>>> {
        self.inner.setups()
    }

    fn save_setup<'a>(&'a self, event: &'a str, setup: Vec<u8>) -> Answer<'a, ()> {
        self.inner.save_setup(event, setup)
    }

    fn probe(&self) -> Answer<'_, ()> {
        Box::pin(std::future::ready(self.check()))
    }

    fn save_snapshot<'a>(&'a self, event: &'a str, snapshot: Snapshot) -> Answer<'a, ()> {
        self.inner.save_snapshot(event, snapshot)
    }

    fn snapshot<'a>(&'a self, event: &'a str) -> Answer<'a, Option<Snapshot>> {
        self.inner.snapshot(event)
    }

    fn lease<'a>(&'a self, event: &'a str, holder: &'a str, now_unix_ms: u64, ttl_ms: u64) -> Answer<'a, Lease> {
        self.inner.lease(event, holder, now_unix_ms, ttl_ms)
    }
}

fn secret() -> AuthorSecret {
    AuthorSecret(uuid::Uuid::new_v4())
}

fn ask(text: &str) -> Command {
    Command::Ask {
        text: text.parse().unwrap(),
        anonymous: false,
        secret: secret(),
    }
}

fn chat(text: &str) -> Command {
    Command::Chat {
        text: text.parse().unwrap(),
        backstage: false,
        reply_to: None,
        secret: secret(),
    }
}

async fn done(client: &mut Client, command: Command) {
    let answer = client.command(command.clone()).await;
    assert!(
        matches!(answer, ServerMessage::Accepted { .. }),
        "{command:?}: {answer:?}"
    );
}

/// Goes to the main stage and returns what is seen there.
async fn enter(client: &mut Client) -> RoomView {
    let command = Command::Enter {
        room: "main".parse().unwrap(),
    };
    let id = CommandId(uuid::Uuid::new_v4());
    client
        .say(&fiera_protocol::client::ClientMessage::Command { id, command })
        .await;
    room(client).await
}

async fn room(client: &mut Client) -> RoomView {
    let is_room = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Snapshot {
                state: StreamState::Room(_),
                ..
            }
        )
    };
    match client.until(is_room).await {
        ServerMessage::Snapshot {
            state: StreamState::Room(room),
            ..
        } => room,
        other => unreachable!("{other:?}"),
    }
}

async fn event(client: &mut Client) -> EventView {
    let is_event = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Snapshot {
                state: StreamState::Event(_),
                ..
            }
        )
    };
    match client.until(is_event).await {
        ServerMessage::Snapshot {
            state: StreamState::Event(event),
            ..
        } => event,
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn nobody_is_told_what_is_not_durable_yet() {
    let store = Gate::new();
    let site = Site::start_on(new_folder(), store.clone()).await;
    let mut attendee = site.join(Role::Attendee).await;
    enter(&mut attendee).await;
    store.shut.store(true, Ordering::SeqCst);
    let (id, command) = (CommandId(uuid::Uuid::new_v4()), chat("Hello"));
    attendee
        .say(&fiera_protocol::client::ClientMessage::Command { id, command })
        .await;
    store.waiting.acquire().await.unwrap().forget();
    // The socket lives on while the store is at work: the ping of its own task comes, the answer does not.
    let told = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Ping { .. }
                | ServerMessage::Accepted { .. }
                | ServerMessage::Update {
                    change: Change::Message { .. },
                    ..
                }
        )
    };
    assert!(matches!(attendee.until(told).await, ServerMessage::Ping { .. }));
    store.shut.store(false, Ordering::SeqCst);
    store.go.add_permits(1);
    let answer = attendee
        .until(|message| matches!(message, ServerMessage::Accepted { id: of } if *of == id))
        .await;
    assert!(matches!(answer, ServerMessage::Accepted { .. }));
}

#[tokio::test]
async fn a_full_disk_is_said_reading_goes_on_and_nothing_is_lost_or_doubled() {
    let store = Gate::new();
    let site = Site::start_on(new_folder(), store.clone()).await;
    let mut attendee = site.join(Role::Attendee).await;
    enter(&mut attendee).await;
    done(&mut attendee, chat("Before")).await;
    let resume = attendee.resume.clone().unwrap();
    store.full.store(true, Ordering::SeqCst);
    let (id, command) = (CommandId(uuid::Uuid::new_v4()), chat("During"));
    let message = fiera_protocol::client::ClientMessage::Command {
        id,
        command: command.clone(),
    };
    attendee.say(&message).await;
    assert_eq!(attendee.closed().await, Some(1_013), "come back");
    let mut back = site.socket(&[]).await;
    back.hello(None, Some(&resume)).await;
    assert!(event(&mut back).await.read_only, "it is said");
    let seen = room(&mut back).await;
    assert_eq!(
        seen.chat.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
        ["Before"],
        "reading goes on"
    );
    let refused = back.command_as(id, command.clone()).await;
    let code = fiera_protocol::refusal::RefusalCode::ReadOnly;
    assert!(
        matches!(refused, ServerMessage::Refused { code: of, .. } if of == code),
        "{refused:?}"
    );
    store.full.store(false, Ordering::SeqCst);
    let writable = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Update {
                change: Change::ReadOnly { read_only: false },
                ..
            }
        )
    };
    back.until(writable).await;
    let answer = back.command_as(id, command).await;
    assert!(matches!(answer, ServerMessage::Accepted { .. }), "{answer:?}");
    let mut other = site.join(Role::Attendee).await;
    let chat = enter(&mut other).await.chat;
    assert_eq!(
        chat.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(),
        ["Before", "During"]
    );
    let numbers = site.get("/metrics").await.body;
    assert!(numbers.contains("\nfiera_store_commit_failures_total 1\n"), "{numbers}");
}

#[tokio::test]
async fn a_restart_on_the_same_folder_keeps_what_was_accepted_and_runs_nothing_twice() {
    let site = Site::start().await;
    let (mut organiser, mut attendee) = (site.join(Role::Organiser).await, site.join(Role::Attendee).await);
    enter(&mut organiser).await;
    enter(&mut attendee).await;
    let (id, question) = (CommandId(uuid::Uuid::new_v4()), ask("Is it kept?"));
    let answer = attendee.command_as(id, question.clone()).await;
    assert!(matches!(answer, ServerMessage::Accepted { .. }), "{answer:?}");
    done(&mut attendee, chat("Hello")).await;
    done(&mut attendee, Command::RaiseHand { topic: None }).await;
    let settings = RoomSettings {
        moderated: true,
        chat_open: true,
        slow_mode_s: 5,
        questions_closed: false,
        links_off: false,
    };
    done(&mut organiser, Command::SetRoom { settings }).await;
    let text = "Lunch at one".parse().unwrap();
    done(&mut organiser, Command::Announce { text }).await;
    drop(attendee);
    let mut again = site.join(Role::Attendee).await;
    let seen = enter(&mut again).await;
    let asked = seen.questions.first().unwrap().question;
    done(
        &mut again,
        Command::Upvote {
            question: asked,
            up: true,
        },
    )
    .await;
    let resume = again.resume.clone().unwrap();
    let voted = CommandId(uuid::Uuid::new_v4());
    let second = ask("And this one?");
    again.command_as(voted, second.clone()).await;
    drop((organiser, again));

    let site = site.restart().await;
    let mut back = site.socket(&[]).await;
    back.hello(None, Some(&resume)).await;
    let event = event(&mut back).await;
    assert_eq!((event.phase, event.read_only), (EventPhase::Live, false));
    assert_eq!(
        event.announcements.first().map(|a| a.text.as_str()),
        Some("Lunch at one")
    );
    let seen = room(&mut back).await;
    assert_eq!(seen.settings, settings);
    assert_eq!(
        (seen.questions.len(), seen.questions[0].upvotes, seen.questions[0].stage),
        (1, 1, QuestionStage::Published)
    );
    assert_eq!(seen.chat.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), ["Hello"]);
    assert_eq!(seen.hands, 1);
    let answer = back.command_as(voted, second).await;
    assert!(matches!(answer, ServerMessage::Accepted { .. }), "{answer:?}");
    let mut moderator = site.join(Role::Moderator).await;
    enter(&mut moderator).await;
    let is_theirs = |message: &ServerMessage| {
        matches!(
            message,
            ServerMessage::Snapshot {
                state: StreamState::Moderators(_),
                ..
            }
        )
    };
    match moderator.until(is_theirs).await {
        ServerMessage::Snapshot {
            state: StreamState::Moderators(view),
            ..
        } => {
            let pending = view.questions.iter().filter(|q| q.stage == QuestionStage::Pending);
            assert_eq!(pending.count(), 1, "the repeated question is there once");
        }
        other => unreachable!("{other:?}"),
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_folder_is_refused() {
    let site = Site::start().await;
    let Err(error) = fiera_app::setups::open(site.data()) else {
        panic!("two servers would write one log")
    };
    assert!(
        error
            .to_string()
            .contains("another Fiera server runs on the data folder"),
        "{error}"
    );
}
