//! A small HTTP server that lets a service answer byte by byte, wrong ones too.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// What is served: it writes its answer itself.
pub(crate) trait Service: Send + Sync + 'static {
    fn answer(&self, stream: &mut TcpStream, request: Request) -> impl Future<Output = ()> + Send;

    /// Before a request is read.
    fn accept(&self) -> impl Future<Output = Option<tokio::sync::OwnedMutexGuard<()>>> + Send {
        async { None }
    }
}

/// Runs until it is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Server {
    pub(crate) async fn start(service: Arc<impl Service>) -> Self {
        // So little that a service notices soon when its client stops reading.
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_send_buffer_size(64 << 10).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(128).unwrap();

        let address = listener.local_addr().unwrap();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                connections.spawn(async move {
                    let guard = service.accept().await;
                    if let Some(request) = read(&mut stream).await {
                        drop(guard);
                        service.answer(&mut stream, request).await;
                        stream.shutdown().await.ok();
                        // Until the client has closed too, so that nothing it still sends breaks what it reads.
                        let mut rest = [0; 1024];
                        while matches!(stream.read(&mut rest).await, Ok(1..)) {}
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, _tasks: tasks }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let mut part = vec![0; 64 << 10];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        match stream.read(&mut part).await {
            Ok(read @ 1..) => bytes.extend_from_slice(&part[..read]),
            _ => return None,
        }
    };
    let mut body = bytes.split_off(end + 4);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut lines = text.lines();
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let (path, query) = (path.to_owned(), query.to_owned());
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
    while body.len() < length {
        match stream.read(&mut part).await {
            Ok(read @ 1..) => body.extend_from_slice(&part[..read]),
            _ => return None,
        }
    }
    Some(Request { method, path, query, headers, body })
}

/// An answer with its length.
pub(crate) async fn reply(stream: &mut TcpStream, status: u16, kind: &str, body: &[u8]) {
    let head = head(status, kind, &format!("content-length: {}\r\n", body.len()));
    stream.write_all(&[head.as_bytes(), body].concat()).await.ok();
}

pub(crate) async fn json(stream: &mut TcpStream, status: u16, body: &serde_json::Value) {
    reply(stream, status, "application/json", body.to_string().as_bytes()).await;
}

/// An answer in chunks of 1 KiB.
pub(crate) async fn chunks(stream: &mut TcpStream, kind: &str, body: &[u8]) {
    let head = head(200, kind, "transfer-encoding: chunked\r\n");
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    for chunk in body.chunks(1024) {
        let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
        if stream.write_all(&chunk).await.is_err() {
            return;
        }
    }
    stream.write_all(b"0\r\n\r\n").await.ok();
}

pub(crate) fn head(status: u16, kind: &str, more: &str) -> String {
    format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\n{more}connection: close\r\n\r\n")
}
