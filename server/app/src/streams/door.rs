// SPDX-FileCopyrightText: The Fiera authors
// SPDX-License-Identifier: AGPL-3.0-or-later

//! The first bytes of a TCP connection tell what it is: HTTP and TLS go on to where they always went, ICE-TCP and TURN
//! are served here. So one port lets in pages and media, and what lets the page through lets the talk through.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum_server::accept::Accept;
use axum_server::tls_rustls::RustlsAcceptor;
use fiera_sfu::streams::framing::{OPENING_BYTES, Opening, opening};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;

use super::Streams;
use crate::limits::{HTTP_HEADERS_WITHIN, STREAM_SEND_BUFFER_BYTES};

/// Between two looks at a connection whose first bytes come one by one.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

type Accepted<T, S> = Pin<Box<dyn Future<Output = io::Result<(T, S)>> + Send>>;

/// Takes streams of ours out of what comes in; hands on the rest.
#[derive(Clone)]
pub(crate) struct Door(pub(crate) Arc<Streams>);

/// The same within TLS.
#[derive(Clone)]
pub(crate) struct TlsDoor {
    pub(crate) tls: RustlsAcceptor<Door>,
    pub(crate) streams: Arc<Streams>,
}

/// Not an error: the connection is somebody else's from here on.
fn elsewhere() -> io::Error {
    io::Error::other("not HTTP")
}

fn late() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// Datagrams leave at once, and what waits in the system for one slow reader is kept small: no seconds-old pictures.
pub(super) fn tune(stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(stream).set_send_buffer_size(STREAM_SEND_BUFFER_BYTES);
}

/// Looks at the first bytes and leaves them where they are.
pub(super) async fn peek(stream: &TcpStream) -> io::Result<Opening> {
    let looking = async {
        let mut first = [0; OPENING_BYTES];
        loop {
            let seen = stream.peek(&mut first).await?;
            if seen == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(opening) = first.get(..seen).and_then(opening) {
                return Ok(opening);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    };
    timeout(HTTP_HEADERS_WITHIN, looking).await.map_err(|_| late())?
}

impl<S: Send + 'static> Accept<TcpStream, S> for Door {
    type Stream = TcpStream;
    type Service = S;
    type Future = Accepted<TcpStream, S>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let streams = Arc::clone(&self.0);
        Box::pin(async move {
            match peek(&stream).await? {
                Opening::Text | Opening::Tls => Ok((stream, service)),
                opening => {
                    let from = stream.peer_addr()?;
                    tune(&stream);
                    streams.take(stream, from, opening, false);
                    Err(elsewhere())
                }
            }
        })
    }
}

impl<S: Send + 'static> Accept<TcpStream, S> for TlsDoor {
    type Stream = Begun<TlsStream<TcpStream>>;
    type Service = S;
    type Future = Accepted<Self::Stream, S>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let (tls, streams) = (self.tls.clone(), Arc::clone(&self.streams));
        Box::pin(async move {
            let (stream, service) = tls.accept(stream, service).await?;
            let from = stream.get_ref().0.peer_addr()?;
            let (stream, opening) = timeout(HTTP_HEADERS_WITHIN, begin(stream))
                .await
                .map_err(|_| late())??;
            match opening {
                Opening::Text => Ok((stream, service)),
                opening => {
                    tune(stream.inner.get_ref().0);
                    streams.take(stream, from, opening, true);
                    Err(elsewhere())
                }
            }
        })
    }
}

/// Serves TURN on a connection that is TLS from its first byte, apart from HTTP.
pub(super) async fn serve_tls(
    streams: Arc<Streams>,
    tls: tokio_rustls::TlsAcceptor,
    stream: TcpStream,
    from: SocketAddr,
) {
    let opened = timeout(HTTP_HEADERS_WITHIN, async { begin(tls.accept(stream).await?).await });
    if let Ok(Ok((stream, opening))) = opened.await {
        tune(stream.inner.get_ref().0);
        streams.take(stream, from, opening, true);
    }
}

async fn begin<T: AsyncRead + Unpin>(mut inner: T) -> io::Result<(Begun<T>, Opening)> {
    let mut first = Vec::with_capacity(OPENING_BYTES);
    loop {
        let mut space = [0; OPENING_BYTES];
        let wanted = OPENING_BYTES - first.len();
        let read = inner.read(&mut space[..wanted]).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        first.extend_from_slice(&space[..read]);
        if let Some(opening) = opening(&first) {
            return Ok((Begun { first, given: 0, inner }, opening));
        }
    }
}

/// A stream whose first bytes were read already; they are read again first.
pub(crate) struct Begun<T> {
    first: Vec<u8>,
    given: usize,
    inner: T,
}

impl<T: AsyncRead + Unpin> AsyncRead for Begun<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.given < self.first.len() {
            let bytes = (self.first.len() - self.given).min(buf.remaining());
            buf.put_slice(&self.first[self.given..self.given + bytes]);
            self.given += bytes;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Begun<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write_vectored(cx, parts)
    }
}
