//! A service that answers byte for byte what a test says, and ends as it says.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// `POST /generate HTTP/1.1`, without the version.
    pub(crate) line: String,
    /// The other lines of the head, in lower case.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// What comes back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) bytes: Vec<u8>,
    pub(crate) then: Then,
}

/// What follows the bytes.
#[derive(Debug, Clone)]
pub(crate) enum Then {
    /// The next request.
    Goes,
    /// The connection is closed.
    Closes,
    /// Nothing, and the connection stays open.
    Hangs,
    /// These bytes again and again, as fast as they are taken.
    Repeats(Vec<u8>),
    /// These bytes again and again, with a pause each time.
    Drips(Vec<u8>, Duration),
}

impl Reply {
    /// A status and a body with its length.
    pub(crate) fn new(status: u16, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n", body.len());
        Self { bytes: [head.as_bytes(), body].concat(), then: Then::Goes }
    }

    /// A chunked answer that does not end by itself.
    pub(crate) fn chunked(then: Then) -> Self {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        Self { bytes: head.as_bytes().to_vec(), then }
    }

    pub(crate) fn raw(bytes: impl AsRef<[u8]>, then: Then) -> Self {
        Self { bytes: bytes.as_ref().to_vec(), then }
    }
}

/// The service; gone when dropped.
pub(crate) struct Fake {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    task: JoinHandle<()>,
}

impl Fake {
    /// `answer` is given the number of the request, from 0, and the request.
    pub(crate) async fn start(
        answer: impl Fn(usize, &Asked) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = asked.clone();
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, answer.clone(), seen.clone()));
            }
        });
        Self { url, asked, task }
    }

    /// Always the same.
    pub(crate) async fn always(reply: Reply) -> Self {
        Self::start(move |_, _| reply.clone()).await
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().expect("no panic").clone()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(usize, &Asked) -> Reply>,
    seen: Arc<Mutex<Vec<Asked>>>,
) {
    let mut left = Vec::new();
    while let Some(asked) = read(&mut stream, &mut left).await {
        let number = {
            let mut seen = seen.lock().expect("no panic");
            seen.push(asked.clone());
            seen.len() - 1
        };
        let reply = answer(number, &asked);
        if stream.write_all(&reply.bytes).await.is_err() {
            return;
        }
        match reply.then {
            Then::Goes => {}
            Then::Closes => return,
            Then::Hangs => {
                // Until the client goes.
                stream.read_u8().await.ok();
                return;
            }
            Then::Repeats(piece) => while stream.write_all(&piece).await.is_ok() {},
            Then::Drips(piece, pause) => {
                while stream.write_all(&piece).await.is_ok() {
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }
}

async fn read(stream: &mut TcpStream, left: &mut Vec<u8>) -> Option<Asked> {
    let end = loop {
        match left.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(end) => break end,
            None => more(stream, left).await?,
        }
    };
    let head = String::from_utf8_lossy(&left[..end]).into_owned();
    left.drain(..end + 4);
    let (line, head) = head.split_once("\r\n").unwrap_or((&head, ""));
    let head = head.to_lowercase();
    let mut body = Vec::new();
    if let Some(length) = head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        let length: usize = length.parse().expect("a length");
        while left.len() < length {
            more(stream, left).await?;
        }
        body = left.drain(..length).collect();
    }
    let line = line.strip_suffix(" HTTP/1.1").unwrap_or(line).to_owned();
    Some(Asked { line, head, body })
}

async fn more(stream: &mut TcpStream, left: &mut Vec<u8>) -> Option<()> {
    let mut piece = vec![0; 65_536];
    let read = stream.read(&mut piece).await.ok().filter(|read| *read > 0)?;
    left.extend_from_slice(&piece[..read]);
    Some(())
}
