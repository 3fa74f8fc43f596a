// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! One WebSocket: upgrade, hello, then messages both ways until either side ends.
//! It knows the wire and its limits; what a message means is the event's business.

mod hello;
mod session;
mod socket;

pub(crate) use hello::token_refusal;

use std::net::SocketAddr;
use std::time::Instant;

use axum::Extension;
use axum::extract::{ConnectInfo, State, WebSocketUpgrade};
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};
use fiera_protocol::codec::encode;
use fiera_protocol::limits::CLIENT_MESSAGE_BYTES_MAX;
use fiera_protocol::server::ServerMessage;

use crate::connection::hello::{Caller, Hello};
use crate::connection::session::Session;
use crate::connection::socket::{CloseCode, Socket};
use crate::event::Message;
use crate::identity::same_origin;
use crate::limits::{WS_READ_BUFFER_BYTES, WS_WRITE_BUFFER_BYTES, WS_WRITE_BUFFER_BYTES_MAX};
use crate::outbox::outbox;
use crate::refusal::{Refusal, code_name};
use crate::state::Server;
use crate::streams::Reached;

/// `GET /ws`.
pub(crate) async fn upgrade(
    State(server): State<Server>,
    headers: HeaderMap,
    uri: Uri,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if server.is_draining() {
        return Refusal::unavailable().http().into_response();
    }
    // Another site's page may open a socket here, but then its visitor's cookie says nothing.
    let reached = Reached::of(&headers, &uri);
    let address = server.sign_ins.address(peer.map(|peer| peer.0.0), &headers);
    let caller = Caller {
        address,
        cookies: same_origin(&headers, &uri).then_some(headers),
    };
    limited(upgrade).on_upgrade(move |socket| serve(server, caller, reached, Socket::new(socket)))
}

/// The limits of every socket.
fn limited(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .read_buffer_size(WS_READ_BUFFER_BYTES)
        .write_buffer_size(WS_WRITE_BUFFER_BYTES)
        .max_write_buffer_size(WS_WRITE_BUFFER_BYTES_MAX)
        // A little more than is allowed still gets a refusal in words; what is larger is not even read.
        .max_message_size(2 * CLIENT_MESSAGE_BYTES_MAX)
        .max_frame_size(2 * CLIENT_MESSAGE_BYTES_MAX)
}

async fn serve(server: Server, caller: Caller, reached: Option<Reached>, mut socket: Socket) {
    let opened_at = Instant::now();
    let Hello {
        event,
        identity,
        resume,
        allowance,
    } = match hello::receive(&server, &caller, &mut socket).await {
        Ok(hello) => hello,
        Err(refusal) => {
            server.services.metrics.refused(&code_name(refusal.code));
            let close = if server.is_draining() {
                CloseCode::GoingAway
            } else {
                CloseCode::Policy
            };
            socket.end(vec![encode(&refusal.message())], close).await;
            return;
        }
    };
    let (sender, receiver) = outbox();
    let id = server.next_socket();
    let opened = Message::Opened {
        socket: id,
        identity,
        resume,
        outbox: sender,
        hello_at: opened_at,
    };
    if !event.send(opened).await {
        socket
            .end(vec![encode(&Refusal::unavailable().message())], CloseCode::TryLater)
            .await;
        return;
    }
    let open = server.open_socket();
    let mut session = Session::new(&server, &event, id, allowance, receiver, reached);
    let close = tokio::select! {
        close = session.run(&mut socket) => close,
        () = server.drained() => {
            let drain = ServerMessage::Drain { reconnect_within_ms: server.reconnect_within_ms() };
            session.pending(encode(&drain));
            CloseCode::GoingAway
        }
    };
    let left = session.left();
    let rest = session.into_pending();
    event
        .send(Message::Closed {
            socket: id,
            goodbye: close == CloseCode::Normal,
            left,
        })
        .await;
    socket.end(rest, close).await;
    drop(open);
}

#[cfg(test)]
mod tests {
    use super::{limited, socket::Socket};
    use crate::limits::WS_FRAME_BYTES_MAX;
    use axum::extract::WebSocketUpgrade;
    use axum::routing::get;
    use fiera_protocol::codec::frame;
    use futures_util::StreamExt;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_message_far_above_what_is_gathered_leaves_among_small_ones() {
        let messages: Vec<Arc<str>> = [1, 4 << 20, 2, WS_FRAME_BYTES_MAX, 1 << 20, 3]
            .map(|bytes| format!("\"{}\"", "x".repeat(bytes)).into())
            .into();
        let sent = messages.clone();
        let upgrade = async |upgrade: WebSocketUpgrade| {
            limited(upgrade).on_upgrade(async move |socket| assert!(Socket::new(socket).send(&sent).await))
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(axum::serve(listener, axum::Router::new().route("/ws", get(upgrade))).into_future());
        let (mut client, _) = tokio_tungstenite::connect_async(format!("ws://{address}/ws"))
            .await
            .unwrap();
        let mut received: Vec<String> = Vec::new();
        while received.len() < messages.len() {
            let text = client
                .next()
                .await
                .expect("an open socket")
                .expect("a frame")
                .into_text()
                .unwrap();
            received.extend(serde_json::from_str::<Vec<String>>(&text).unwrap());
        }
        let received: Vec<Arc<str>> = received.iter().map(|text| format!("\"{text}\"").into()).collect();
        assert!(frame(&received) == frame(&messages), "all of it, in order");
        serving.abort();
    }
}
