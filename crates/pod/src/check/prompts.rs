//! The pictures of batches, served by the check itself: good ones, held ones, missing ones, and ones that never end.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::pictures::PAGE;

/// Connections at the same time; more wait.
const CONNECTIONS_MAX: usize = 256;
/// Longest request.
const REQUEST_BYTES_MAX: usize = 16 << 10;
/// A connection ends after this time, also one whose picture never ends.
const CONNECTION_TIME_MAX: Duration = Duration::from_secs(3600);
/// Between two bytes of a picture that never ends.
const DRIP: Duration = Duration::from_millis(200);

/// What is at an address.
#[derive(Debug, Clone)]
pub(super) enum Serve {
    /// The picture.
    Picture(Bytes),
    /// The picture, once [`Prompts::release`] was called.
    Held(Bytes),
    /// 404.
    Missing,
    /// 200 and a page.
    Page,
    /// The beginning of the picture and then byte after byte, without end until [`Prompts::release`].
    Endless(Bytes),
}

#[derive(Debug)]
struct Entry {
    serve: Serve,
    asked: u32,
    served: u32,
}

#[derive(Debug)]
struct Shelf {
    entries: Mutex<BTreeMap<String, Entry>>,
    released: watch::Sender<bool>,
}

/// A server of pictures; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Prompts {
    base: String,
    shelf: Arc<Shelf>,
    task: JoinHandle<()>,
}

impl Drop for Prompts {
    fn drop(&mut self) {
        self.task.abort();
        self.release();
    }
}

impl Prompts {
    /// Listens at `bind`. `reach` is what the service finds it under, without port when the one of `bind` is meant.
    pub(super) async fn start(bind: SocketAddr, reach: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let port = listener.local_addr()?.port();
        let has_port = reach.rsplit_once(':').is_some_and(|(host, port)| {
            port.parse::<u16>().is_ok() && (!host.contains(':') || host.ends_with(']'))
        });
        let base =
            if has_port { format!("http://{reach}") } else { format!("http://{reach}:{port}") };
        let (released, _) = watch::channel(false);
        let shelf = Arc::new(Shelf { entries: Mutex::default(), released });
        let task = tokio::spawn(listen(listener, shelf.clone()));
        Ok(Self { base, shelf, task })
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Puts something at a path, and gives its URL.
    pub(super) fn put(&self, path: &str, serve: Serve) -> String {
        self.shelf.entry(path, |slot| *slot = Some(Entry { serve, asked: 0, served: 0 }));
        format!("{}{path}", self.base)
    }

    /// How often it was asked for.
    pub(super) fn asked(&self, path: &str) -> u32 {
        self.shelf.entry(path, |slot| slot.as_ref().map_or(0, |entry| entry.asked))
    }

    /// How often it was sent to its end.
    pub(super) fn served(&self, path: &str) -> u32 {
        self.shelf.entry(path, |slot| slot.as_ref().map_or(0, |entry| entry.served))
    }

    /// From now on held pictures wait, until the next [`Self::release`].
    pub(super) fn hold(&self) {
        self.shelf.released.send_replace(false);
    }

    /// Held pictures are sent, endless ones end.
    pub(super) fn release(&self) {
        self.shelf.released.send_replace(true);
    }
}

impl Shelf {
    fn entry<T>(&self, path: &str, with: impl FnOnce(&mut Option<Entry>) -> T) -> T {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slot = entries.remove(path);
        let result = with(&mut slot);
        if let Some(entry) = slot {
            entries.insert(path.to_owned(), entry);
        }
        result
    }

    async fn wait_for_release(&self) {
        // The sender lives as long as we do.
        self.released.subscribe().wait_for(|released| *released).await.ok();
    }
}

async fn listen(listener: TcpListener, shelf: Arc<Shelf>) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let shelf = shelf.clone();
                connections.spawn(async move {
                    // A client that goes away is none of our business.
                    timeout(CONNECTION_TIME_MAX, answer(stream, &shelf)).await.ok();
                    drop(slot);
                });
            }
            // Out of file handles: those who hold them will let go.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn answer(mut stream: TcpStream, shelf: &Shelf) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|four| four == b"\r\n\r\n") {
        let mut part = [0; 1024];
        let read = stream.read(&mut part).await?;
        request.extend_from_slice(&part[..read]);
        if read == 0 || request.len() > REQUEST_BYTES_MAX {
            return Ok(());
        }
    }
    let text = String::from_utf8_lossy(&request);
    let mut words = text.split(' ');
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let path = path.to_owned();
    let is_head = method == "HEAD";
    let serve = shelf.entry(&path, |slot| {
        let entry = slot.as_mut()?;
        entry.asked += u32::from(!is_head);
        Some(entry.serve.clone())
    });
    let (status, kind, body) = match &serve {
        Some(Serve::Picture(bytes) | Serve::Held(bytes)) => ("200 OK", "image/jpeg", bytes.clone()),
        Some(Serve::Endless(bytes)) => ("200 OK", "image/jpeg", bytes.slice(..bytes.len() / 2)),
        Some(Serve::Page) => ("200 OK", "text/html", Bytes::from_static(PAGE.as_bytes())),
        Some(Serve::Missing) | None => {
            ("404 Not Found", "text/html", Bytes::from_static(PAGE.as_bytes()))
        }
    };
    if matches!(serve, Some(Serve::Held(_))) && !is_head {
        shelf.wait_for_release().await;
    }
    let endless = matches!(serve, Some(Serve::Endless(_)));
    let length =
        if endless { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    let head =
        format!("HTTP/1.1 {status}\r\ncontent-type: {kind}\r\n{length}connection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    if is_head {
        return Ok(());
    }
    stream.write_all(&body).await?;
    if endless {
        while timeout(DRIP, shelf.wait_for_release()).await.is_err() {
            stream.write_all(&[0]).await?;
        }
    }
    stream.shutdown().await?;
    shelf.entry(&path, |slot| slot.as_mut().map(|entry| entry.served += 1));
    Ok(())
}
