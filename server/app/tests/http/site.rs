// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! A running server with its own data folder and ports, and small clients for it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use fiera_app::app::App;
use fiera_app::config::{Config, Settings};
use fiera_app::keys::Keys;
use fiera_app::token::{Grant, sign, unix_s};
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::codec::{encode_client, parse_server_frame};
use fiera_protocol::ids::{CommandId, Role};
use fiera_protocol::server::ServerMessage;
use fiera_store::Store;
use futures_util::{SinkExt, StreamExt};
use http_body_util::BodyExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use tower::ServiceExt;

/// Longer than any answer takes; only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that ends with the test.
pub struct Site {
    router: axum::Router,
    address: std::net::SocketAddr,
    admin: std::net::SocketAddr,
    data: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    running: Option<JoinHandle<()>>,
}

/// An answer over HTTP.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Status and refusal code.
    pub fn refusal(&self) -> (u16, String) {
        (
            self.status.as_u16(),
            self.json()["code"].as_str().unwrap_or_default().to_owned(),
        )
    }

    /// A header as text.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

impl Site {
    pub async fn start() -> Self {
        let data = new_folder();
        let store = fiera_app::setups::open(&data).unwrap();
        Self::start_on(data, store).await
    }

    /// On a store of the test's, in a data folder.
    pub async fn start_on(data: PathBuf, store: Arc<dyn Store>) -> Self {
        let settings = Settings {
            listen: Some("127.0.0.1:0".parse().unwrap()),
            media_port: Some(0),
            data: Some(data.clone()),
            demo: Some(true),
            admin_listen: Some("127.0.0.1:0".parse().unwrap()),
            ..Settings::default()
        };
        let app = App::start_on(Config::resolve(settings, None).unwrap(), store)
            .await
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let (router, address) = (app.router(), app.address());
        let admin = app.admin_address().unwrap();
        let running = tokio::spawn(async move {
            app.run_until(async {
                let _ = stopped.await;
            })
            .await
            .unwrap();
        });
        Self {
            router,
            address,
            admin,
            data,
            stop: Some(stop),
            running: Some(running),
        }
    }

    /// A token of the demo event that is good for so many seconds.
    pub fn token_for(&self, event: &str, role: Role, life_s: i64) -> String {
        let keys = Keys::load_or_create(&self.data).unwrap();
        let expires_unix_s = unix_s().saturating_add_signed(life_s);
        sign(
            &keys,
            &Grant {
                event: event.parse().unwrap(),
                role,
                name: None,
                expires_unix_s,
            },
        )
        .unwrap()
    }

    pub fn token(&self, role: Role) -> String {
        self.token_for("demo", role, 600)
    }

    /// One request, past the sockets.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(Body::from(body.to_owned())).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// Opens a socket.
    pub async fn socket(&self, headers: &[(&str, &str)]) -> Client {
        let mut request = format!("ws://{}/ws", self.address).into_client_request().unwrap();
        for (name, value) in headers {
            let name: axum::http::HeaderName = name.parse().unwrap();
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Client {
            socket,
            unread: std::collections::VecDeque::new(),
            resume: None,
        }
    }

    /// Opens a socket and says hello with a token.
    pub async fn join(&self, role: Role) -> Client {
        let mut client = self.socket(&[]).await;
        client.hello(Some(&self.token(role)), None).await;
        client
            .until(|message| matches!(message, ServerMessage::Welcome { .. }))
            .await;
        client
    }

    pub fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    pub fn admin(&self) -> std::net::SocketAddr {
        self.admin
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Ends the server in order and starts another one on the same data folder.
    pub async fn restart(mut self) -> Self {
        self.begin_stop();
        self.stopped().await;
        let data = std::mem::replace(&mut self.data, new_folder());
        drop(self);
        let store = fiera_app::setups::open(&data).unwrap();
        Self::start_on(data, store).await
    }

    /// Where it keeps what survives it.
    pub fn data(&self) -> &std::path::Path {
        &self.data
    }

    /// Tells the server to go away.
    pub fn begin_stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    /// Waits until it has gone.
    pub async fn stopped(&mut self) {
        tokio::time::timeout(PATIENCE, self.running.take().unwrap())
            .await
            .unwrap()
            .unwrap();
    }
}

/// A data folder of its own.
pub fn new_folder() -> PathBuf {
    std::env::temp_dir().join(format!("fiera-test-{}", uuid::Uuid::new_v4()))
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// A client on a WebSocket.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    unread: std::collections::VecDeque<ServerMessage>,
    /// The last resume token that was read.
    pub resume: Option<String>,
}

impl Client {
    pub async fn text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::Text(text.into().into())).await.unwrap();
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.text(encode_client(message)).await;
    }

    /// As [`Client::say`], where the server may have closed.
    pub async fn try_say(&mut self, message: &ClientMessage) -> Result<(), ()> {
        self.socket
            .send(Message::Text(encode_client(message).into()))
            .await
            .map_err(|_| ())
    }

    pub async fn hello(&mut self, token: Option<&str>, resume: Option<&str>) {
        let (token, resume) = (token.map(str::to_owned), resume.map(str::to_owned));
        let event = "demo".parse().unwrap();
        self.say(&ClientMessage::Hello {
            version: 1,
            event,
            token,
            resume,
            name: None,
        })
        .await;
    }

    /// Gives a command and returns its answer.
    pub async fn command(&mut self, command: Command) -> ServerMessage {
        self.command_as(CommandId(uuid::Uuid::new_v4()), command).await
    }

    /// As [`Client::command`], under an id of the test's.
    pub async fn command_as(&mut self, id: CommandId, command: Command) -> ServerMessage {
        self.say(&ClientMessage::Command { id, command }).await;
        self.until(|message| match message {
            ServerMessage::Accepted { id: of } => *of == id,
            ServerMessage::Refused { id: of, .. } => *of == Some(id),
            _ => false,
        })
        .await
    }

    /// The next message that fits; others are dropped. Fails when the socket ends first.
    pub async fn until(&mut self, fits: impl Fn(&ServerMessage) -> bool) -> ServerMessage {
        loop {
            match self.next().await {
                Ok(message) if fits(&message) => return message,
                Ok(_) => {}
                Err(code) => panic!("the socket ended with {code:?}"),
            }
        }
    }

    /// The code of the refusal that comes next.
    pub async fn refusal(&mut self) -> String {
        match self
            .until(|message| matches!(message, ServerMessage::Refused { .. }))
            .await
        {
            ServerMessage::Refused { code, .. } => serde_json::to_value(code).unwrap().as_str().unwrap().to_owned(),
            _ => unreachable!(),
        }
    }

    /// The code that the server closes with; messages before it are dropped.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            if let Err(code) = self.next().await {
                return code;
            }
        }
    }

    /// The next message, or the code that the server closes with.
    pub async fn next(&mut self) -> Result<ServerMessage, Option<u16>> {
        loop {
            if let Some(message) = self.unread.pop_front() {
                if let ServerMessage::Resume { token } = &message {
                    self.resume = Some(token.clone());
                }
                return Ok(message);
            }
            match tokio::time::timeout(PATIENCE, self.socket.next())
                .await
                .expect("the server says something")
            {
                Some(Ok(Message::Text(text))) => self.unread.extend(parse_server_frame(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map(|frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(None),
            }
        }
    }
}
