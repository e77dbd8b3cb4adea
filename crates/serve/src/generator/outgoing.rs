//! A model on its way out: in pieces, so that it is known when the last one left, and cut off when it takes too long.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::listen::Connection;

/// Bytes handed to the connection at a time.
const PIECE_BYTES: usize = 256 << 10;
/// Bytes that one permit stands for.
const STEP_BYTES: usize = 64 << 10;

/// How many bytes of models may be unsent.
#[derive(Debug, Clone)]
pub(super) struct Unsent {
    free: Arc<Semaphore>,
    steps: usize,
}

impl Unsent {
    pub(super) fn new(bytes_max: usize) -> Self {
        let steps = (bytes_max / STEP_BYTES).max(1);
        Self { free: Arc::new(Semaphore::new(steps)), steps }
    }

    /// Whether there is no room for another model.
    pub(super) fn is_full(&self) -> bool {
        self.free.available_permits() == 0
    }

    /// A body that counts until it has left, and takes its connection along when it has not within `time_max`.
    pub(super) async fn body(
        &self,
        bytes: Bytes,
        connection: Connection,
        time_max: Duration,
    ) -> Body {
        // One model alone is never too large.
        let steps = bytes.len().div_ceil(STEP_BYTES).min(self.steps) as u32;
        // Never closed.
        let share = self.free.clone().acquire_many_owned(steps).await.ok();
        let (left, has_left) = oneshot::channel::<()>();
        tokio::spawn(async move {
            if tokio::time::timeout(time_max, has_left).await.is_err() {
                connection.cut();
            }
        });
        Body::new(Outgoing { rest: bytes, _share: share, _left: left })
    }
}

struct Outgoing {
    rest: Bytes,
    _share: Option<OwnedSemaphorePermit>,
    /// Whoever waits for the end sees it dropped.
    _left: oneshot::Sender<()>,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
