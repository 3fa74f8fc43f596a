// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One WebSocket to `/ws`: frames of text in, messages out. What they mean is the caller's business.

use std::fmt;
use std::pin::Pin;

use anyhow::{Context, Result};
use fiera_protocol::client::ClientMessage;
use fiera_protocol::codec::encode_client;
use futures_util::SinkExt as _;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};

use crate::http::Target;

const BUFFER_BYTES: usize = 4 * 1024;
const WRITE_BUFFER_BYTES_MAX: usize = 256 * 1024;

/// Why a socket is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// The server closed it, with this code (RFC 6455, section 7.4).
    Closed(Option<u16>),
    /// It broke.
    Broken(String),
}

impl fmt::Display for Over {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed(Some(code)) => write!(f, "closed with {code}"),
            Self::Closed(None) => f.write_str("closed"),
            Self::Broken(why) => write!(f, "broken: {why}"),
        }
    }
}

impl std::error::Error for Over {}

/// An open WebSocket.
pub struct Link(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Link {
    /// Connects; says nothing yet.
    ///
    /// # Errors
    /// When the server is not there or takes no socket.
    pub async fn open(target: &Target) -> Result<Self> {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER_BYTES_MAX);
        let (stream, _) = connect_async_with_config(target.ws(), Some(config), true)
            .await
            .context("WebSocket")?;
        Ok(Self(stream))
    }

    /// Sends one message.
    ///
    /// # Errors
    /// When the socket is over.
    pub async fn say(&mut self, message: &ClientMessage) -> Result<(), Over> {
        let text = Message::text(encode_client(message));
        self.0.send(text).await.map_err(|error| Over::Broken(error.to_string()))
    }

    /// The next frame of text. Nothing is lost where the wait is given up.
    ///
    /// # Errors
    /// When the socket is over.
    pub async fn next(&mut self) -> Result<Utf8Bytes, Over> {
        loop {
            let next = std::future::poll_fn(|cx| futures_util::Stream::poll_next(Pin::new(&mut self.0), cx)).await;
            match next {
                None => return Err(Over::Closed(None)),
                Some(Err(error)) => return Err(Over::Broken(error.to_string())),
                Some(Ok(Message::Text(text))) => return Ok(text),
                Some(Ok(Message::Close(frame))) => return Err(Over::Closed(frame.map(|frame| frame.code.into()))),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Closes the socket in order: the server takes it as leaving. Dropping it instead is a broken network.
    pub async fn close(mut self) {
        let _ = self.0.close(None).await;
    }
}
