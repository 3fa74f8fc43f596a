// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The WebSocket side of a viewer: hello, enter, watch, rack answer; then pongs until the end.

use anyhow::{Context, Result, bail};
use fiera_protocol::PROTOCOL_VERSION;
use fiera_protocol::client::{ClientMessage, Command};
use fiera_protocol::ids::{CommandId, DisplayName};
use fiera_protocol::server::ServerMessage;
use futures_util::SinkExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Message, protocol::WebSocketConfig};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::http::Target;

const BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// An open socket of one viewer.
pub struct Signal {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    waiting: std::collections::VecDeque<ServerMessage>,
}

/// Reads the next frame; a helper because `StreamExt` is not needed for more.
async fn next_text(stream: &mut WebSocketStream<MaybeTlsStream<TcpStream>>) -> Result<String> {
    loop {
        let next =
            std::future::poll_fn(|cx| futures_util::Stream::poll_next(std::pin::Pin::new(&mut *stream), cx)).await;
        match next.context("the server closed the WebSocket")?.context("WebSocket")? {
            Message::Text(text) => return Ok(text.as_str().to_owned()),
            Message::Close(frame) => bail!("the server closed the WebSocket: {frame:?}"),
            _ => {}
        }
    }
}

/// Messages of one frame; kinds that we do not know are left out, as the protocol asks.
fn decode(text: &str) -> Result<Vec<ServerMessage>> {
    let values: Vec<serde_json::Value> = serde_json::from_str(text).context("a frame that is no JSON array")?;
    Ok(values
        .into_iter()
        .filter_map(|v| serde_json::from_value(v).ok())
        .collect())
}

impl Signal {
    /// Connects and says hello.
    ///
    /// # Errors
    /// When the server is not there or refuses; the text holds its sentence.
    pub async fn connect(target: &Target, token: &str, name: &str) -> Result<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX);
        let (stream, _) = connect_async_with_config(target.ws(), Some(config), true)
            .await
            .context("WebSocket")?;
        let mut signal = Self {
            stream,
            waiting: std::collections::VecDeque::new(),
        };
        signal
            .send(&ClientMessage::Hello {
                version: PROTOCOL_VERSION,
                event: target.event.parse().context("--event")?,
                token: (!token.is_empty()).then(|| token.to_owned()),
                resume: None,
                name: DisplayName::try_from(name.to_owned()).ok(),
            })
            .await?;
        signal.wait(|m| matches!(m, ServerMessage::Welcome { .. })).await?;
        Ok(signal)
    }

    /// Enters the room and asks for a rack with so many pictures; returns its number and offer.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn watch(&mut self, target: &Target, video_slots: u8) -> Result<(u32, String)> {
        let id = CommandId(uuid::Uuid::new_v4());
        let room = target.room.parse().context("--room")?;
        self.send(&ClientMessage::Command {
            id,
            command: Command::Enter { room },
        })
        .await?;
        self.wait(|m| matches!(m, ServerMessage::Accepted { id: of } if *of == id))
            .await?;
        self.send(&ClientMessage::Watch { video_slots }).await?;
        let offer = self.wait(|m| matches!(m, ServerMessage::RackOffer { .. })).await?;
        let ServerMessage::RackOffer { rack, sdp, .. } = offer else {
            bail!("no rack offer")
        };
        Ok((rack, sdp))
    }

    /// Answers the rack offer.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn answer(&mut self, rack: u32, sdp: String) -> Result<()> {
        self.send(&ClientMessage::RackAnswer { rack, sdp }).await
    }

    /// Answers pings until the socket or the caller ends; only frames with a ping are parsed.
    ///
    /// # Errors
    /// When the socket is gone.
    pub async fn idle(&mut self) -> Result<()> {
        loop {
            let text = next_text(&mut self.stream).await?;
            if !text.contains("\"ping\"") && !text.contains("\"refused\"") && !text.contains("\"media_closed\"") {
                continue;
            }
            for message in decode(&text)? {
                self.react(&message).await?;
            }
        }
    }

    /// Closes the socket properly.
    pub async fn close(mut self) {
        let _ = self.stream.close(None).await;
    }

    async fn send(&mut self, message: &ClientMessage) -> Result<()> {
        let text = serde_json::to_string(message).context("client message")?;
        self.stream.send(Message::text(text)).await.context("WebSocket")
    }

    async fn react(&mut self, message: &ServerMessage) -> Result<()> {
        match message {
            ServerMessage::Ping { n } => self.send(&ClientMessage::Pong { n: *n }).await,
            ServerMessage::Refused { code, sentence, .. } => bail!("refused ({code:?}): {sentence}"),
            ServerMessage::MediaClosed { sentence, .. } => bail!("media closed: {sentence}"),
            _ => Ok(()),
        }
    }

    async fn wait(&mut self, wanted: impl Fn(&ServerMessage) -> bool) -> Result<ServerMessage> {
        loop {
            while let Some(message) = self.waiting.pop_front() {
                if wanted(&message) {
                    return Ok(message);
                }
                self.react(&message).await?;
            }
            let text = next_text(&mut self.stream).await?;
            self.waiting.extend(decode(&text)?);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_kinds_are_ignored() {
        let messages = decode(r#"[{"kind":"ping","n":7},{"kind":"of_the_future","x":1}]"#).unwrap();
        assert_eq!(messages, [ServerMessage::Ping { n: 7 }]);
        assert!(decode("{}").is_err());
    }
}
