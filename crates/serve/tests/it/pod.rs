//! The batch service, with a generator whose pictures are words that say what happens, and a server of such pictures.

mod bench;
mod contract;
mod failures;
mod hostile;
mod restart;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use generators::{Card, Failure, Generator, Made, Pending, Request};
use pod::wire::Kind;
use serde_json::{Value, json};
use serve::pod::Config;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use crate::client::{Client, Reply};

/// Does what the picture says.
#[derive(Debug)]
pub(super) struct Fake {
    card: Card,
    /// Calls so far.
    pub(super) calls: AtomicUsize,
    /// Permits for pictures that say `wait`.
    pub(super) gate: Semaphore,
    /// Permits to be ready.
    pub(super) warm: Semaphore,
    /// How often the card was read; at the second of `crash_at` it panics.
    cards: AtomicUsize,
    crash_at: usize,
}

impl Fake {
    /// Loads nothing.
    pub(super) fn ready() -> Arc<Self> {
        Arc::new(Self::new(Semaphore::MAX_PERMITS, usize::MAX))
    }

    /// Is ready when `warm` gets permits.
    pub(super) fn cold() -> Arc<Self> {
        Arc::new(Self::new(0, usize::MAX))
    }

    /// Takes the whole batch down after so many looks at its card.
    pub(super) fn crashing(crash_at: usize) -> Arc<Self> {
        Arc::new(Self::new(Semaphore::MAX_PERMITS, crash_at))
    }

    fn new(warm: usize, crash_at: usize) -> Self {
        let card = Card {
            name: "fake".to_owned(),
            kinds: vec![Kind::Module],
            licence: "MIT".to_owned(),
            cost: None,
            parallel: 2,
            is_deterministic: true,
        };
        Self {
            card,
            calls: AtomicUsize::new(0),
            gate: Semaphore::new(0),
            warm: Semaphore::new(warm),
            cards: AtomicUsize::new(0),
            crash_at,
        }
    }
}

impl Generator for Fake {
    fn card(&self) -> &Card {
        let looks = self.cards.fetch_add(1, Ordering::SeqCst);
        assert!(looks < self.crash_at, "the card is burnt");
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async {
            let permit = self.warm.acquire().await;
            permit.map(drop).map_err(|_| Failure::Failed("the weights are missing".to_owned()))
        })
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let word = String::from_utf8_lossy(&request.picture).into_owned();
        Box::pin(async move {
            let mut bytes = format!("// seed {}, call {call}", request.seed).into_bytes();
            let mut kind = Kind::Module;
            match word.as_str() {
                "panics" => panic!("a\nsecret {}", "x".repeat(1000)),
                "fails" => return Err(Failure::Failed("out of memory".to_owned())),
                "bad" => return Err(Failure::BadPicture("not a picture".to_owned())),
                "passes" if call == 0 => return Err(Failure::Transient("busy".to_owned())),
                "wait" => {
                    (request.progress)(Some(0.5), "waiting");
                    self.gate.acquire().await.expect("it is open").forget();
                }
                "never" => std::future::pending().await,
                "mesh" => kind = Kind::Mesh,
                "large" => bytes = vec![b' '; (1 << 20) + 1],
                "largest" => bytes = vec![b' '; 1 << 20],
                "empty" => bytes.clear(),
                "binary" => bytes = vec![0xff],
                _ => {}
            }
            Ok(Made {
                bytes: bytes.into(),
                kind,
                took: Duration::ZERO,
                cost: None,
                licence: "MIT".to_owned(),
                notes: Vec::new(),
            })
        })
    }
}

/// Answers every path with its last part.
pub(super) async fn pictures() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        let mut tries = 0;
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 2048];
            let read = stream.read(&mut request).await.unwrap_or(0);
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            let path = request.split(' ').nth(1).unwrap_or_default().trim_start_matches('/');
            let ok = |body: &str| {
                let length = body.len();
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
                )
            };
            tries += usize::from(path == "once");
            let answer = match path {
                "missing" => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
                "once" if tries < 2 => "HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n".to_owned(),
                "forever" => "HTTP/1.1 302 Found\r\nlocation: /forever\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
                "endless" => {
                    tokio::spawn(async move {
                        let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
                        stream.write_all(head.as_bytes()).await.ok();
                        while stream.write_all(&[b'x'; 1 << 16]).await.is_ok() {}
                    });
                    continue;
                }
                "silent" => {
                    tokio::spawn(async move {
                        stream.read_to_end(&mut Vec::new()).await.ok();
                    });
                    continue;
                }
                word => ok(word),
            };
            stream.write_all(answer.as_bytes()).await.ok();
        }
    });
    address
}

/// A service that listens.
pub(super) struct Pod {
    pub(super) client: Client,
    pub(super) fake: Arc<Fake>,
    pictures: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

impl Pod {
    pub(super) async fn start(folder: &Path, fake: Arc<Fake>) -> Self {
        Self::start_with(config(folder), fake).await
    }

    pub(super) async fn start_with(config: Config, fake: Arc<Fake>) -> Self {
        let pictures = pictures().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            stopped.await.ok();
        };
        let log = Box::new(|_, _: &str| {});
        let served = tokio::spawn(serve::pod::serve(listener, config, fake.clone(), log, stopped));
        Self { client: Client { address }, fake, pictures, stop, served }
    }

    /// An orderly end.
    pub(super) async fn end(self) -> std::io::Result<()> {
        self.stop.send(()).ok();
        self.served.await.expect("it does not panic")
    }

    /// As it ends by itself.
    pub(super) async fn ended(self) -> std::io::Result<()> {
        self.served.await.expect("it does not panic")
    }

    /// Prompts are `stem=word`.
    pub(super) fn body(&self, prompts: &str, seed: i128, batch_id: Option<&str>) -> String {
        let prompt = |prompt: &str| {
            let (stem, word) = prompt.split_once('=').unwrap_or((prompt, "ok"));
            let url = if word.contains("//") {
                word.to_owned()
            } else {
                format!("http://{}/{word}", self.pictures)
            };
            json!({ "stem": stem, "image_url": url })
        };
        let prompts: Vec<_> = prompts.split(' ').map(prompt).collect();
        let mut body = json!({ "prompts": prompts, "seed": 0 });
        if let Some(id) = batch_id {
            body["batch_id"] = id.into();
        }
        body.to_string().replace("\"seed\":0", &format!("\"seed\":{seed}"))
    }

    pub(super) async fn order(&self, prompts: &str) -> String {
        self.client.post("/generate", &self.body(prompts, 7, None)).await.line()
    }

    pub(super) async fn order_as(&self, prompts: &str, batch_id: &str) -> String {
        self.client.post("/generate", &self.body(prompts, 7, Some(batch_id))).await.line()
    }

    pub(super) async fn status(&self) -> Value {
        self.status_with("").await
    }

    pub(super) async fn status_with(&self, query: &str) -> Value {
        self.client.get(&format!("/status{query}")).await.json()
    }

    /// The status without its payload.
    pub(super) async fn state(&self) -> String {
        let mut status = self.status().await;
        status.as_object_mut().expect("a map").remove("payload");
        status.to_string()
    }

    /// Waits until a status says so.
    pub(super) async fn until(&self, is_there: impl Fn(&Value) -> bool) -> Value {
        loop {
            let status = self.status().await;
            if is_there(&status) {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(super) async fn until_state(&self, state: &str) {
        self.until(|status| status["status"] == state).await;
    }

    pub(super) async fn archive(&self) -> Vec<u8> {
        let reply = self.client.get("/results").await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let head = reply.head.to_ascii_lowercase();
        assert!(head.contains("transfer-encoding: chunked"), "{head}");
        assert!(!head.contains("content-length"), "{head}");
        assert!(head.contains("content-type: application/zip"), "{head}");
        unchunked(&reply)
    }

    /// Names in the archive with their texts.
    pub(super) async fn results(&self) -> BTreeMap<String, String> {
        unzipped(&self.archive().await)
    }

    /// An order from here to its results.
    pub(super) async fn make(&self, prompts: &str) -> BTreeMap<String, String> {
        let line = self.order(prompts).await;
        assert!(line.starts_with("200 "), "{line}");
        self.until_state("complete").await;
        self.results().await
    }
}

/// With pictures from this machine.
pub(super) fn config(folder: &Path) -> Config {
    Config { allow_private_urls: true, ..Config::new(folder.to_owned()) }
}

pub(super) fn unzipped(archive: &[u8]) -> BTreeMap<String, String> {
    let mut zip = zip::ZipArchive::new(Cursor::new(archive)).expect("a ZIP");
    let mut entries = BTreeMap::new();
    for idx in 0..zip.len() {
        let mut entry = zip.by_index(idx).expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("a text");
        let name = entry.name().expect("a name").into_owned();
        assert!(entries.insert(name, text).is_none(), "every name once");
    }
    entries
}

/// A body without its chunks' heads; it must be whole.
fn unchunked(reply: &Reply) -> Vec<u8> {
    let (mut rest, mut bytes) = (reply.body.as_slice(), Vec::new());
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n").expect("a chunk's head");
        let size = std::str::from_utf8(&rest[..end]).expect("ASCII");
        let size = usize::from_str_radix(size, 16).expect("a size");
        bytes.extend_from_slice(&rest[end + 2..end + 2 + size]);
        rest = &rest[end + 2 + size + 2..];
        if size == 0 {
            assert!(rest.is_empty(), "nothing after the end");
            return bytes;
        }
    }
}
