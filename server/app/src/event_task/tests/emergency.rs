// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A store that hangs holds up what is to be kept and told. It holds up nothing that takes sound or pictures away, and
//! nothing that the media plane says.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use fiera_protocol::client::Command;
use fiera_protocol::ids::{AuthorSecret, CommandId, ParticipantId, Role, SourceKind};
use fiera_protocol::refusal::RefusalCode;
use fiera_protocol::server::ServerMessage;
use fiera_protocol::stage::StageStep;
use fiera_protocol::view::EventPhase;
use fiera_sfu::allocate::LayerMask;
use fiera_sfu::api::{self, PeerId};
use fiera_sfu::engine::{ConnectionView, Traffic};
use tokio::sync::{mpsc, oneshot};

use super::props::Props;
use super::{Stage, next, open_as, stage_on};
use crate::bridge::tests::{loudspeaker, microphone};
use crate::bridge::{MediaReport, Negotiator};
use crate::event::{EventHandle, Look, Message, SocketId};
use crate::identity::Identity;
use crate::limits::{ROUND_MESSAGES_MAX, ROUNDS_WAITING_MAX};
use crate::outbox::{Outgoing, outbox};

const SPEAKER: SocketId = 1;
const MODERATOR: SocketId = 2;
/// Of the speaker, later.
const BACK: SocketId = 3;
const WITHIN: Duration = Duration::from_secs(30);

/// An event that is live, with somebody on its stage and somebody who looks after it.
struct Scene {
    stage: Stage,
    store: Arc<Props>,
    event: EventHandle,
    speaker: mpsc::Receiver<Outgoing>,
    moderator: mpsc::Receiver<Outgoing>,
    /// Who speaks.
    who: ParticipantId,
}

async fn send(event: &EventHandle, socket: SocketId, command: Command) -> CommandId {
    let id = CommandId(uuid::Uuid::new_v4());
    event.send(Message::Command { socket, id, command }).await;
    id
}

async fn accepted(outgoing: &mut mpsc::Receiver<Outgoing>, command: CommandId) {
    loop {
        match next(outgoing).await.expect("an open socket") {
            ServerMessage::Accepted { id } if id == command => return,
            ServerMessage::Refused { id, sentence, .. } if id == Some(command) => panic!("{sentence}"),
            _ => {}
        }
    }
}

fn chat() -> Command {
    Command::Chat {
        text: "Good morning".parse().unwrap(),
        backstage: false,
        reply_to: None,
        secret: AuthorSecret(uuid::Uuid::new_v4()),
    }
}

fn mic(live: bool, participant: Option<ParticipantId>) -> Command {
    Command::SetSource {
        source: SourceKind::Mic,
        live,
        participant,
    }
}

fn sound_off() -> Command {
    let step = StageStep::SoundOff { off: true };
    Command::Stage { step }
}

fn layers_wanted(peer: PeerId, layers: LayerMask) -> api::Event {
    api::Event::LayersWanted {
        peer,
        participant: api::ParticipantKey(0),
        source: api::SourceKind::Camera,
        layers,
    }
}

impl Scene {
    async fn new() -> Self {
        let store = Props::new();
        let stage = stage_on(&["a"], store.clone()).await;
        let event = stage.event("a");
        let (mut speaker, who) = open_as(&event, SPEAKER, Role::Speaker).await;
        let (mut moderator, _) = open_as(&event, MODERATOR, Role::Organiser).await;
        let phase = EventPhase::Live;
        let room = || "main".parse().unwrap();
        let live = send(&event, MODERATOR, Command::SetEventPhase { phase }).await;
        accepted(&mut moderator, live).await;
        for command in [
            Command::Enter { room: room() },
            Command::EnterBackstage {},
            Command::PutOnAir {
                countdown_s: None,
                participant: None,
            },
        ] {
            let sent = send(&event, SPEAKER, command).await;
            accepted(&mut speaker, sent).await;
        }
        let enters = send(&event, MODERATOR, Command::Enter { room: room() }).await;
        accepted(&mut moderator, enters).await;
        Self {
            stage,
            store,
            event,
            speaker,
            moderator,
            who,
        }
    }

    /// The speaker offers a microphone.
    async fn publish(&self) {
        let negotiator = Negotiator::new(self.stage.media.handle(), false);
        let publish = Message::Publish {
            socket: SPEAKER,
            offer: None,
            answer: "".into(),
            link: Box::new(microphone(&negotiator)),
        };
        self.event.send(publish).await;
    }

    /// The speaker's page is there again, with another socket.
    async fn comes_back(&self) -> mpsc::Receiver<Outgoing> {
        let (outbox, receiver) = outbox();
        let identity = Identity {
            role: Role::Speaker,
            participant: self.who,
            ..Identity::guest(None)
        };
        let opened = Message::Opened {
            socket: BACK,
            identity,
            resume: None,
            outbox,
            hello_at: Instant::now(),
        };
        self.event.send(opened).await;
        receiver
    }

    /// The speaker asks to watch.
    async fn watch(&self) {
        let negotiator = Negotiator::new(self.stage.media.handle(), false);
        let watch = Message::Watch {
            socket: SPEAKER,
            rack: 1,
            link: Box::new(loudspeaker(&negotiator)),
        };
        self.event.send(watch).await;
    }

    /// How many connections watch.
    async fn watching(&self) -> usize {
        let media = self.stage.media.handle();
        let look = tokio::task::spawn_blocking(move || media.inspect(WITHIN));
        let watches = |of: &&ConnectionView| matches!(of.traffic, Traffic::Down { .. });
        look.await.unwrap().iter().filter(watches).count()
    }

    async fn answered(&mut self) {
        while !matches!(
            next(&mut self.speaker).await.expect("an open socket"),
            ServerMessage::PublishAnswer { .. }
        ) {}
    }

    /// What the media plane has of the speaker: the connection, and whether anything of the microphone is forwarded.
    async fn heard(&self) -> Option<(PeerId, bool)> {
        let media = self.stage.media.handle();
        let look = tokio::task::spawn_blocking(move || media.inspect(WITHIN));
        let connections = look.await.unwrap();
        connections.into_iter().find_map(|connection| match connection.traffic {
            Traffic::Up { sources, .. } => {
                let live = sources.iter().any(|of| of.kind == api::SourceKind::Mic && of.live);
                Some((connection.peer, live))
            }
            Traffic::Down { .. } => None,
        })
    }

    /// Waits until the media plane forwards the microphone, does not, or has no such connection any more.
    async fn until_heard(&self, expected: Option<bool>) {
        let as_expected = async {
            while self.heard().await.map(|(_, live)| live) != expected {
                tokio::task::yield_now().await;
            }
        };
        let in_time = tokio::time::timeout(WITHIN, as_expected).await;
        assert!(in_time.is_ok(), "{expected:?}");
    }

    /// Somebody writes something, and the disk hangs with it.
    async fn hang(&self) {
        self.store.hangs.store(true, Ordering::Relaxed);
        send(&self.event, MODERATOR, chat()).await;
        self.store.commit_hangs().await;
    }

    /// What was sent before has been taken, whether or not it is kept.
    async fn taken(&self) {
        let (taken, is_taken) = oneshot::channel();
        let look = Look::new(move |_| {
            let _ = taken.send(());
            || ()
        });
        self.event.send(Message::Look(look)).await;
        is_taken.await.unwrap();
    }

    /// The media plane says which layers are worth sending, and that has been taken.
    async fn says_layers(&self, peer: PeerId, layers: LayerMask) {
        let report = MediaReport(layers_wanted(peer, layers));
        self.event.send(Message::Media(report)).await;
        self.taken().await;
    }

    /// The disk hangs with the round after the one that it hangs with.
    async fn next_round_hangs(&self) {
        send(&self.event, MODERATOR, chat()).await;
        self.taken().await;
        self.store.let_one_go();
        self.store.commit_hangs().await;
    }

    fn told_meanwhile(&mut self) -> Vec<Outgoing> {
        std::iter::from_fn(|| self.moderator.try_recv().ok()).collect()
    }
}

#[tokio::test]
async fn b1_what_takes_sound_away_does_not_wait_for_a_disk_that_hangs() {
    let orders = |who| {
        vec![
            (sound_off(), Some(false)),
            (mic(false, Some(who)), Some(false)),
            (Command::LeaveBackstage { participant: Some(who) }, None),
            (
                Command::Ban {
                    participant: who,
                    on: true,
                },
                None,
            ),
            (
                Command::SetEventPhase {
                    phase: EventPhase::Ended,
                },
                None,
            ),
        ]
    };
    for nth in 0..orders(ParticipantId(uuid::Uuid::nil())).len() {
        let mut scene = Scene::new().await;
        scene.publish().await;
        scene.answered().await;
        let on = send(&scene.event, SPEAKER, mic(true, None)).await;
        accepted(&mut scene.speaker, on).await;
        scene.until_heard(Some(true)).await;
        scene.hang().await;
        scene.told_meanwhile();
        let (command, heard) = orders(scene.who).swap_remove(nth);
        let ordered = send(&scene.event, MODERATOR, command.clone()).await;
        scene.until_heard(heard).await;
        let told = scene.told_meanwhile();
        assert!(
            told.is_empty(),
            "nobody is told of {command:?} before it is kept: {told:?}"
        );
        scene.store.hangs.store(false, Ordering::Relaxed);
        scene.store.let_one_go();
        accepted(&mut scene.moderator, ordered).await;
        scene.until_heard(heard).await;
    }
}

#[tokio::test]
async fn b1_what_waits_for_the_disk_gives_nobody_back_whom_a_later_order_silenced() {
    let mut scene = Scene::new().await;
    scene.publish().await;
    scene.answered().await;
    scene.hang().await;
    let on = send(&scene.event, SPEAKER, mic(true, None)).await;
    scene.next_round_hangs().await;
    let off = send(&scene.event, MODERATOR, sound_off()).await;
    scene.taken().await;
    scene.store.let_one_go();
    accepted(&mut scene.speaker, on).await;
    scene.store.commit_hangs().await;
    assert_eq!(scene.heard().await.map(|(_, live)| live), Some(false));
    scene.store.let_one_go();
    accepted(&mut scene.moderator, off).await;
    assert_eq!(scene.heard().await.map(|(_, live)| live), Some(false));
}

#[tokio::test]
async fn b1_who_begins_to_publish_after_an_order_that_silences_is_not_heard() {
    let mut scene = Scene::new().await;
    let on = send(&scene.event, SPEAKER, mic(true, None)).await;
    accepted(&mut scene.speaker, on).await;
    scene.hang().await;
    scene.publish().await;
    scene.next_round_hangs().await;
    send(&scene.event, MODERATOR, sound_off()).await;
    scene.taken().await;
    scene.store.let_one_go();
    scene.answered().await;
    assert_eq!(scene.heard().await.map(|(_, live)| live), Some(false));
}

#[tokio::test]
async fn m2_what_the_media_plane_says_is_told_while_the_disk_hangs() {
    let mut scene = Scene::new().await;
    scene.publish().await;
    scene.answered().await;
    let (peer, _) = scene.heard().await.expect("somebody publishes");
    scene.hang().await;
    let report = MediaReport(layers_wanted(peer, LayerMask(1)));
    scene.event.send(Message::Media(report)).await;
    let told = async {
        while !matches!(
            next(&mut scene.speaker).await.expect("an open socket"),
            ServerMessage::LayersWanted { .. }
        ) {}
    };
    assert!(tokio::time::timeout(WITHIN, told).await.is_ok());
}

#[tokio::test]
async fn b1_who_looks_at_the_event_sees_nothing_that_is_not_kept() {
    let mut scene = Scene::new().await;
    scene.hang().await;
    let (taken, is_taken) = oneshot::channel();
    let event = scene.event.clone();
    let look = tokio::spawn(async move {
        let phase = event.look(|hub| {
            let _ = taken.send(());
            hub.phase()
        });
        phase.await
    });
    is_taken.await.unwrap();
    scene.next_round_hangs().await;
    let phase = EventPhase::Ended;
    let ends = send(&scene.event, MODERATOR, Command::SetEventPhase { phase }).await;
    scene.taken().await;
    scene.store.let_one_go();
    assert_eq!(look.await.unwrap(), Some(EventPhase::Live), "as it was when asked");
    scene.store.commit_hangs().await;
    assert_eq!(scene.event.summary().phase, EventPhase::Live);
    scene.store.let_one_go();
    accepted(&mut scene.moderator, ends).await;
    assert_eq!(scene.event.look(|hub| hub.phase()).await, Some(EventPhase::Ended));
    assert_eq!(scene.event.summary().phase, EventPhase::Ended);
}

#[tokio::test]
async fn a_fault_while_the_disk_hangs_waits_for_it_and_loses_nothing_that_is_kept() {
    let mut scene = Scene::new().await;
    let phase = EventPhase::Ended;
    scene.store.hangs.store(true, Ordering::Relaxed);
    send(&scene.event, MODERATOR, Command::SetEventPhase { phase }).await;
    scene.store.commit_hangs().await;
    scene.event.send(Message::Fault).await;
    while next(&mut scene.speaker).await.is_some() {}
    scene.store.let_one_go();
    scene.store.hangs.store(false, Ordering::Relaxed);
    assert_eq!(scene.event.look(|hub| hub.phase()).await, Some(EventPhase::Ended));
    assert!(!scene.event.summary().read_only);
}

#[tokio::test]
async fn who_waits_for_the_end_of_an_event_whose_last_commit_fails_sees_it_end() {
    let scene = Scene::new().await;
    scene.hang().await;
    let (stopped, ended) = oneshot::channel();
    scene.event.send(Message::Stop { stopped }).await;
    let inbox = &scene.event.inbox;
    while inbox.capacity() < inbox.max_capacity() {
        tokio::task::yield_now().await;
    }
    scene.store.fails.store(true, Ordering::Relaxed);
    scene.store.hangs.store(false, Ordering::Relaxed);
    scene.store.let_one_go();
    assert!(ended.await.is_err(), "dropped once the store is let go of");
    let phase = scene.event.look(|hub| hub.phase()).await;
    assert_eq!(phase, None, "nobody runs the event on");
}

#[tokio::test]
async fn b1_what_the_media_plane_says_takes_no_room_from_an_order_that_silences() {
    let mut scene = Scene::new().await;
    scene.publish().await;
    scene.answered().await;
    let on = send(&scene.event, SPEAKER, mic(true, None)).await;
    accepted(&mut scene.speaker, on).await;
    scene.until_heard(Some(true)).await;
    let (peer, _) = scene.heard().await.expect("somebody publishes");
    scene.hang().await;
    for _ in 0..=ROUNDS_WAITING_MAX * ROUND_MESSAGES_MAX {
        let report = MediaReport(layers_wanted(peer, LayerMask(1)));
        scene.event.send(Message::Media(report)).await;
        while scene.speaker.try_recv().is_ok() {}
    }
    send(&scene.event, MODERATOR, sound_off()).await;
    scene.until_heard(Some(false)).await;
}

#[tokio::test]
async fn b1_who_asked_to_watch_before_a_ban_is_not_let_in_after_it() {
    let mut scene = Scene::new().await;
    scene.watch().await;
    assert!(scene.event.look(|_| ()).await.is_some());
    assert_eq!(scene.watching().await, 1, "who is not banned watches");
    scene.event.send(Message::StopWatching { socket: SPEAKER }).await;
    scene.hang().await;
    scene.watch().await;
    let says = send(&scene.event, SPEAKER, chat()).await;
    scene.next_round_hangs().await;
    let (participant, on) = (scene.who, true);
    let bans = send(&scene.event, MODERATOR, Command::Ban { participant, on }).await;
    scene.taken().await;
    scene.store.let_one_go();
    accepted(&mut scene.speaker, says).await;
    assert_eq!(scene.watching().await, 0);
    scene.store.commit_hangs().await;
    scene.store.let_one_go();
    accepted(&mut scene.moderator, bans).await;
    assert_eq!(scene.watching().await, 0);
}

#[tokio::test]
async fn b1_a_program_that_asked_to_watch_before_the_end_of_the_event_is_refused_after_it() {
    let mut scene = Scene::new().await;
    scene.hang().await;
    let negotiator = Negotiator::new(scene.stage.media.handle(), false);
    let (reply, answer) = oneshot::channel();
    let whep = Message::Whep {
        room: "main".parse().unwrap(),
        link: Box::new(loudspeaker(&negotiator)),
        resource: String::from("a"),
        since: Instant::now(),
        reply,
    };
    scene.event.send(whep).await;
    scene.next_round_hangs().await;
    let phase = EventPhase::Ended;
    let ends = send(&scene.event, MODERATOR, Command::SetEventPhase { phase }).await;
    scene.taken().await;
    scene.store.let_one_go();
    let refused = answer.await.unwrap().map_err(|refusal| refusal.code);
    assert_eq!(refused, Err(RefusalCode::EventClosed));
    scene.store.commit_hangs().await;
    scene.store.let_one_go();
    accepted(&mut scene.moderator, ends).await;
    assert_eq!(scene.watching().await, 0);
}

#[tokio::test]
async fn h5_nothing_is_told_before_the_welcome_while_the_disk_hangs() {
    let mut scene = Scene::new().await;
    scene.publish().await;
    scene.answered().await;
    let (peer, _) = scene.heard().await.expect("somebody publishes");
    let (goodbye, left) = (false, false);
    let breaks = Message::Closed {
        socket: SPEAKER,
        goodbye,
        left,
    };
    scene.event.send(breaks).await;
    assert!(scene.event.look(|_| ()).await.is_some());
    scene.hang().await;
    let mut again = scene.comes_back().await;
    scene.says_layers(peer, LayerMask(0b1)).await;
    assert!(again.try_recv().is_err(), "the welcome waits");
    scene.next_round_hangs().await;
    scene.says_layers(peer, LayerMask(0b11)).await;
    scene.next_round_hangs().await;
    scene.says_layers(peer, LayerMask(0)).await;
    scene.store.hangs.store(false, Ordering::Relaxed);
    scene.store.let_one_go();
    let first = next(&mut again).await;
    assert!(matches!(first, Some(ServerMessage::Welcome { .. })), "{first:?}");
    for expected in [vec![0], vec![0, 1], vec![]] {
        let layers = loop {
            if let ServerMessage::LayersWanted { layers, .. } = next(&mut again).await.expect("an open socket") {
                break layers;
            }
        };
        assert_eq!(layers, expected, "in the order in which the media plane said so");
    }
}
