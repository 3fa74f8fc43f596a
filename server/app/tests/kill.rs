// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The real program, killed twenty times in the middle of two hundred commands at once: what was accepted is there
//! exactly once, what was not answered can be sent again under the same id. One seed is one run.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Process, Stdio};
use std::sync::Arc;
use std::time::Duration;

use fiera_app::keys::Keys;
use fiera_app::token::{Grant, sign, unix_s};
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::{encode_client, parse_server_frame};
use fiera_protocol::ids::{AuthorSecret, CommandId, Role};
use fiera_protocol::server::ServerMessage;
use fiera_store::Store;
use fiera_store::sqlite::{Access, SqliteStore};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::{Barrier, mpsc};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

const KILLS: u64 = 20;
const CLIENTS: u64 = 200;
/// The demo fair brings three stands, three ideas and two polls along, whose words are texts too.
const TEXTS_OF_DEMO: u64 = 8;
const SEED: u64 = 20_261_122;
/// Longer than any answer takes; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, running on a data folder.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut process = Process::new(env!("CARGO_BIN_EXE_fiera"))
            .args([
                "serve",
                "--demo",
                "--listen",
                "127.0.0.1:0",
                "--media-port",
                "0",
                "--advertise",
                "127.0.0.1",
            ])
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let attendee = lines
            .by_ref()
            .map(Result::unwrap)
            .find(|line| line.trim().starts_with("attendee"));
        let line = attendee.expect("the program starts on what it left behind");
        let port = line
            .rsplit(':')
            .next()
            .and_then(|rest| rest.split('/').next())
            .unwrap()
            .to_owned();
        Self {
            process,
            address: format!("ws://127.0.0.1:{port}/ws"),
        }
    }

    /// SIGKILL: nothing of the program runs any more.
    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Somebody with one thing to say.
struct Talker {
    token: String,
    resume: Option<String>,
    id: CommandId,
    command: Command,
    socket: Option<WebSocketStream<MaybeTlsStream<TcpStream>>>,
}

impl Talker {
    fn new(token: &str, text: &str) -> Self {
        let secret = AuthorSecret(uuid::Uuid::new_v4());
        Self {
            token: token.to_owned(),
            resume: None,
            id: CommandId(uuid::Uuid::new_v4()),
            command: Command::Chat {
                text: text.parse().unwrap(),
                backstage: false,
                reply_to: None,
                secret,
            },
            socket: None,
        }
    }

    async fn say(&mut self, message: &ClientMessage) -> Option<()> {
        let text = Message::Text(encode_client(message).into());
        self.socket.as_mut()?.send(text).await.ok()
    }

    /// Reads until a message fits; none where the socket ends first.
    async fn until(&mut self, fits: impl Fn(&ServerMessage) -> bool) -> Option<ServerMessage> {
        loop {
            let frame = tokio::time::timeout(PATIENCE, self.socket.as_mut()?.next()).await;
            let Message::Text(text) = frame.expect("the server says something")?.ok()? else {
                continue;
            };
            let mut found = None;
            for message in parse_server_frame(&text).unwrap() {
                if let ServerMessage::Resume { token } = &message {
                    self.resume = Some(token.clone());
                }
                if found.is_none() && fits(&message) {
                    found = Some(message);
                }
            }
            if found.is_some() {
                return found;
            }
        }
    }

    async fn answer(&mut self, id: CommandId) -> Option<ServerMessage> {
        let fits = |message: &ServerMessage| match message {
            ServerMessage::Accepted { id: of } => *of == id,
            ServerMessage::Refused { id: of, .. } => *of == Some(id),
            _ => false,
        };
        self.until(fits).await
    }

    /// Comes in, or back, and stands in the room.
    async fn come(&mut self, address: &str) {
        self.socket = Some(tokio_tungstenite::connect_async(address).await.unwrap().0);
        let was_here = self.resume.is_some();
        let hello = ClientMessage::Hello {
            version: 1,
            event: "demo".parse().unwrap(),
            token: Some(self.token.clone()),
            resume: self.resume.clone(),
            name: None,
        };
        self.say(&hello).await.unwrap();
        let welcome = self
            .until(|message| matches!(message, ServerMessage::Welcome { .. }))
            .await;
        let back = matches!(welcome, Some(ServerMessage::Welcome { resumed: true, .. }));
        assert_eq!(back, was_here, "who was here is known again, where they were");
        if !back {
            // The token of the time before the room is of no use.
            self.resume = None;
            let (id, room) = (CommandId(uuid::Uuid::new_v4()), "main".parse().unwrap());
            let command = Command::Enter { room };
            self.say(&ClientMessage::Command { id, command }).await.unwrap();
            let answer = self.answer(id).await;
            assert!(matches!(answer, Some(ServerMessage::Accepted { .. })), "{answer:?}");
            while self.resume.is_none() {
                self.until(|message| matches!(message, ServerMessage::Resume { .. }))
                    .await
                    .unwrap();
            }
        }
    }

    /// Sends what it has to say; none where no answer came.
    async fn talk(&mut self) -> Option<ServerMessage> {
        let message = ClientMessage::Command {
            id: self.id,
            command: self.command.clone(),
        };
        self.say(&message).await?;
        self.answer(self.id).await
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn said(round: u64, client: u64) -> String {
    format!("round {round} client {client}.")
}

/// How often each text is in the store.
async fn stored(data: &Path) -> HashMap<String, u32> {
    let store = SqliteStore::open(data, Access::Beside).unwrap();
    let mut times = HashMap::new();
    for body in store.load("demo").await.unwrap().texts.into_values() {
        let kept: serde_json::Value = serde_json::from_slice(&body).unwrap();
        *times.entry(kept["text"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_is_there_exactly_once_after_twenty_kills() {
    let mut seed = std::env::var("FIERA_KILL_SEED").map_or(SEED, |text| text.parse().unwrap());
    println!("FIERA_KILL_SEED={seed}");
    let data = Folder(std::env::temp_dir().join(format!("fiera-kill-{}", uuid::Uuid::new_v4())));
    let mut server = Server::start(&data.0);
    let grant = Grant {
        event: "demo".parse().unwrap(),
        role: Role::Attendee,
        name: None,
        expires_unix_s: unix_s() + 3_600,
    };
    let token = sign(&Keys::load_or_create(&data.0).unwrap(), &grant).unwrap();
    for round in 0..KILLS {
        let kill_after = random(&mut seed) % CLIENTS;
        let (accepted, mut seen) = mpsc::channel(CLIENTS as usize);
        let start = Arc::new(Barrier::new(CLIENTS as usize + 1));
        let talkers: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let mut talker = Talker::new(&token, &said(round, client));
                let (address, start, accepted) = (server.address.clone(), start.clone(), accepted.clone());
                tokio::spawn(async move {
                    talker.come(&address).await;
                    start.wait().await;
                    let answer = talker.talk().await;
                    let answered = answer.is_some();
                    if let Some(answer) = answer {
                        assert!(matches!(answer, ServerMessage::Accepted { .. }), "{answer:?}");
                        let _ = accepted.send(()).await;
                    }
                    (talker, client, answered)
                })
            })
            .collect();
        drop(accepted);
        tokio::time::timeout(PATIENCE, start.wait())
            .await
            .expect("everybody comes in");
        for _ in 0..kill_after {
            tokio::time::timeout(PATIENCE, seen.recv())
                .await
                .expect("answers come")
                .expect("somebody talks");
        }
        server.kill();
        let mut silent = Vec::new();
        let mut durable = Vec::new();
        for talker in talkers {
            let (talker, client, answered) = talker.await.unwrap();
            if answered {
                durable.push(client);
            } else {
                silent.push(talker);
            }
        }
        let times = stored(&data.0).await;
        for client in durable {
            assert_eq!(
                times.get(&said(round, client)),
                Some(&1),
                "accepted in round {round} by {client}, and lost"
            );
        }
        server = Server::start(&data.0);
        let again = silent.into_iter().map(|mut talker| {
            let address = server.address.clone();
            tokio::spawn(async move {
                talker.come(&address).await;
                let answer = talker.talk().await;
                assert!(matches!(answer, Some(ServerMessage::Accepted { .. })), "{answer:?}");
            })
        });
        for talker in again.collect::<Vec<_>>() {
            talker.await.unwrap();
        }
    }
    let times = stored(&data.0).await;
    for (round, client) in (0..KILLS).flat_map(|round| (0..CLIENTS).map(move |client| (round, client))) {
        assert_eq!(
            times.get(&said(round, client)),
            Some(&1),
            "round {round}, client {client}"
        );
    }
    let all = KILLS * CLIENTS + TEXTS_OF_DEMO;
    assert_eq!(times.len() as u64, all, "nothing else was stored");
}
