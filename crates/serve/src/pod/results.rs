//! The results of a batch, and their way to a client: in pieces, never whole in memory, from the file that was written once.

use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::Body;
use bytes::Bytes;
use http_body::Frame;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::limits::DOWNLOAD_TIME_MAX;

/// Bytes of a piece.
const PIECE_BYTES: usize = 64 << 10;

/// Where the archive is.
#[derive(Debug, Clone)]
pub(super) enum Results {
    File(PathBuf),
    /// The disk would not take it.
    Memory(Bytes),
}

impl Results {
    /// The archive as a body without a stated length, which keeps `slot` until it is sent.
    ///
    /// # Errors
    ///
    /// The file cannot be read.
    pub(super) async fn body(&self, slot: OwnedSemaphorePermit) -> io::Result<Body> {
        let download = match self {
            Self::File(path) => {
                let file = tokio::fs::File::open(path).await?;
                let bytes = file.metadata().await?.len();
                Download::start(file, bytes, slot)
            }
            Self::Memory(bytes) => {
                let length = bytes.len() as u64;
                Download::start(io::Cursor::new(bytes.clone()), length, slot)
            }
        };
        Ok(Body::new(download))
    }
}

/// A body of pieces that a task reads ahead, one at a time. It ends when the client is gone or too slow.
struct Download {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    /// An archive that ends too early must not look whole.
    bytes_left: u64,
    _slot: OwnedSemaphorePermit,
}

impl Download {
    fn start(
        mut from: impl AsyncRead + Unpin + Send + 'static,
        bytes_left: u64,
        slot: OwnedSemaphorePermit,
    ) -> Self {
        let (send, pieces) = mpsc::channel(1);
        tokio::spawn(async move {
            let sending = async {
                loop {
                    let mut piece = Vec::with_capacity(PIECE_BYTES);
                    let read = (&mut from).take(PIECE_BYTES as u64).read_to_end(&mut piece).await;
                    let piece = read.map(|_| Bytes::from(piece));
                    let is_last = piece.as_ref().map_or(true, Bytes::is_empty);
                    if is_last && piece.is_ok() || send.send(piece).await.is_err() || is_last {
                        break;
                    }
                }
            };
            tokio::time::timeout(DOWNLOAD_TIME_MAX, sending).await.ok();
        });
        Self { pieces, bytes_left, _slot: slot }
    }
}

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let piece = ready!(self.pieces.poll_recv(cx));
        Poll::Ready(match piece {
            Some(Ok(piece)) => {
                self.bytes_left = self.bytes_left.saturating_sub(piece.len() as u64);
                Some(Ok(Frame::data(piece)))
            }
            Some(Err(error)) => Some(Err(error)),
            None if self.bytes_left == 0 => None,
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
        })
    }
}
