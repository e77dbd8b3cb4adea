//! Requests byte by byte over plain TCP: what an HTTP client hides, such as a body that is not read, or is too long.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

/// Longest section of headers.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// What the kernel keeps of an answer that is not read: little, so that the service notices soon.
const RECEIVE_BYTES: u32 = 4096;

/// A connection to the service.
#[derive(Debug)]
pub(super) struct Raw {
    stream: TcpStream,
    deadline: Instant,
    /// Bytes of the body that came with the headers.
    pub(super) early: Vec<u8>,
}

/// Status line and headers.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    text: String,
}

impl Head {
    /// The first header with this name, lower case.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Host as it stands in the URL, with its port, and the path before each request's own; none for https.
pub(super) fn authority(base: &str) -> Option<(String, String)> {
    let url = reqwest::Url::parse(base).ok()?;
    if url.scheme() != "http" {
        return None;
    }
    let host = format!("{}:{}", url.host_str()?, url.port_or_known_default()?);
    Some((host, url.path().trim_end_matches('/').to_owned()))
}

impl Raw {
    /// Connects; everything that follows ends at `limit` from now.
    pub(super) async fn connect(host: &str, limit: Duration) -> io::Result<Self> {
        let deadline = Instant::now() + limit;
        let stream = by(deadline, async {
            let mut last = io::Error::other("the name has no address");
            for address in tokio::net::lookup_host(host).await? {
                match small(address).await {
                    Ok(stream) => return Ok(stream),
                    Err(error) => last = error,
                }
            }
            Err(last)
        })
        .await?;
        Ok(Self { stream, deadline, early: Vec::new() })
    }

    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        by(self.deadline, self.stream.write_all(bytes)).await
    }

    /// Reads until the headers are complete.
    pub(super) async fn head(&mut self) -> io::Result<Head> {
        let mut bytes = Vec::new();
        loop {
            let mut part = [0; 1024];
            let read = by(self.deadline, self.stream.read(&mut part)).await?;
            bytes.extend_from_slice(&part[..read]);
            if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                self.early = bytes.split_off(end + 4);
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let status = text.split(' ').nth(1).and_then(|status| status.parse().ok());
                let status = status.ok_or_else(|| io::Error::other("no status line"))?;
                return Ok(Head { status, text });
            }
            if read == 0 || bytes.len() > HEAD_BYTES_MAX {
                return Err(io::Error::other("the connection ended before the headers did"));
            }
        }
    }

    /// Counts the bytes to the end of the connection, those that came with the headers included, up to `max`.
    pub(super) async fn count(&mut self, max: usize) -> io::Result<usize> {
        let mut count = self.early.len();
        let mut part = vec![0; 64 << 10];
        while count <= max {
            match by(self.deadline, self.stream.read(&mut part)).await? {
                0 => break,
                read => count += read,
            }
        }
        Ok(count)
    }
}

async fn small(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_recv_buffer_size(RECEIVE_BYTES)?;
    socket.connect(address).await
}

async fn by<T>(deadline: Instant, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout_at(deadline, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
