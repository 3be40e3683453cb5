//! The way to Slack: over the network, or to a Slack within this process.
//!
//! The second one has no sockets, so that a test decides when a request arrives and when its answer
//! does. All that is above a connection is the same: HTTP, the client, and every way to fail.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::http::Uri;
use futures_util::future::BoxFuture;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tower::Service;

/// What a connection within this process holds on its way.
const HELD: usize = 256 * 1024;

/// Takes Slack's end of a new connection, to serve it.
pub type Serve = Arc<dyn Fn(DuplexStream) + Send + Sync>;

/// How connections to Slack are made.
#[derive(Clone)]
pub enum Way {
    /// Over the network.
    Network(HttpsConnector<HttpConnector>),
    /// Within this process.
    Within(Serve),
}

impl Service<Uri> for Way {
    type Response = Stream;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Stream, Self::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Way::Network(connector) => connector.poll_ready(cx),
            Way::Within(_) => Poll::Ready(Ok(())),
        }
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        match self {
            Way::Network(connector) => {
                let connecting = connector.call(uri);
                Box::pin(async move { Ok(Stream::Network(Box::new(connecting.await?))) })
            }
            Way::Within(serve) => {
                let (ours, slacks) = tokio::io::duplex(HELD);
                serve(slacks);
                Box::pin(async move { Ok(Stream::Within(TokioIo::new(ours))) })
            }
        }
    }
}

/// One connection to Slack.
pub enum Stream {
    /// Over the network.
    Network(Box<MaybeHttpsStream<TokioIo<TcpStream>>>),
    /// Within this process.
    Within(TokioIo<DuplexStream>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        match self {
            Stream::Network(stream) => stream.connected(),
            Stream::Within(_) => Connected::new(),
        }
    }
}

impl Read for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Network(stream) => Pin::new(stream).poll_read(cx, buffer),
            Stream::Within(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl Write for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Network(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Within(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Network(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Within(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Stream::Network(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Within(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Stream::Network(stream) => stream.is_write_vectored(),
            Stream::Within(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Stream::Network(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Within(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }
}
