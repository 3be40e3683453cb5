//! The body of a request on its way in, which tells how much of it is there.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::HttpBody;
use bytes::Bytes;
use hyper::body::{Frame, Incoming, SizeHint};

use crate::server::connections::Connection;

/// A body that is being received.
pub struct Arriving {
    body: Incoming,
    connection: Arc<Connection>,
}

impl Arriving {
    /// Watches a body arrive. One that is empty has arrived.
    pub fn new(body: Incoming, connection: Arc<Connection>) -> Arriving {
        if body.is_end_stream() {
            connection.has_asked();
        }
        Arriving { body, connection }
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &polled
            && let Some(data) = frame.data_ref()
        {
            self.connection.received(data.len());
        }
        if matches!(polled, Poll::Ready(None)) || self.body.is_end_stream() {
            self.connection.has_asked();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
