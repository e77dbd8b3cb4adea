//! Files of a run on this machine's loopback, where pods of this machine fetch them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::prompts::Place;
use crate::failure::Failure;

/// Addresses of served files begin so; the port follows.
pub(super) const BASE: &str = "http://127.0.0.1:";

/// What follows the port; the name of the file comes last.
pub(super) const PATH: &str = "/picture/";

/// Connections at the same time; more wait.
const CONNECTIONS_MAX: usize = 64;

/// Longest head of a request.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// How long one request may take.
const TIME_MAX: std::time::Duration = std::time::Duration::from_secs(60);

/// The files, as long as this is held.
#[derive(Debug)]
pub(super) struct Pictures {
    port: u16,
    task: Option<JoinHandle<()>>,
}

impl Pictures {
    /// Serves on `port`, or on any when nothing; on none when there are no files.
    pub(super) async fn serve(
        files: BTreeMap<String, Vec<u8>>,
        port: Option<u16>,
    ) -> Result<Self, Failure> {
        if files.is_empty() {
            return Ok(Self { port: 0, task: None });
        }
        let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, port.unwrap_or(0))).await;
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?.port(), listener)));
        let (port, listener) = bound.map_err(|error| {
            Failure::usage(format!("cannot serve pictures on port {}: {error}", port.unwrap_or(0)))
        })?;
        let task = tokio::spawn(accept(listener, Arc::new(files)));
        Ok(Self { port, task: Some(task) })
    }

    /// Where a pod fetches a picture.
    pub(super) fn url(&self, place: &Place) -> String {
        match place {
            Place::Url(url) => url.clone(),
            Place::File(name) => format!("{BASE}{}{PATH}{name}", self.port),
        }
    }
}

impl Drop for Pictures {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

async fn accept(listener: TcpListener, files: Arc<BTreeMap<String, Vec<u8>>>) {
    let mut connections = JoinSet::new();
    loop {
        if connections.len() >= CONNECTIONS_MAX {
            connections.join_next().await;
        }
        if let Ok((stream, _)) = listener.accept().await {
            let files = files.clone();
            connections.spawn(async move {
                tokio::time::timeout(TIME_MAX, answer(stream, &files)).await.ok();
            });
        }
        while connections.try_join_next().is_some() {}
    }
}

/// One request, one answer: `GET` and `HEAD` of a name we have.
async fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|four| four == b"\r\n\r\n") {
        if head.len() > HEAD_BYTES_MAX || stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&head);
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default();
    let name = words.next().and_then(|path| path.strip_prefix(PATH)).unwrap_or_default();
    let (status, body) = match files.get(name) {
        _ if !matches!(method, "GET" | "HEAD") => ("405 Method Not Allowed", &[][..]),
        Some(body) => ("200 OK", &body[..]),
        None => ("404 Not Found", &[][..]),
    };
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/octet-stream\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    if method == "GET" {
        stream.write_all(body).await?;
    }
    stream.shutdown().await
}
