//! The generator service over real connections, with generators that do as a test says.

mod contract;
mod ends;
mod pictures;
mod queue;
mod slow;
mod tasks;
mod wrong;

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use generators::{Card, Failure, Generator, Made, Pending, Request};
use image::{ImageFormat, Rgb, RgbImage};
use pod::wire::{Kind, Seed};
use serve::generator::{Config, Gate, Level, Paint, Parts};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::client::{Client, Reply};

/// What a generator makes of a request.
type Make = dyn Fn(Request) -> Result<Bytes, Failure> + Send + Sync;

/// A generator that tells when it starts, waits until it may go on, and then makes what a test says.
struct Puppet {
    card: Card,
    make: Box<Make>,
    /// Seeds, as their generation starts.
    starts: mpsc::UnboundedSender<Seed>,
    /// One permit is one generation that may end.
    go: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    is_ready: Arc<Semaphore>,
}

impl std::fmt::Debug for Puppet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Puppet")
    }
}

/// Counts what runs, also when it is dropped.
struct Running(Arc<AtomicUsize>);

impl Running {
    fn start(count: &Arc<AtomicUsize>) -> Self {
        assert_eq!(count.fetch_add(1, Ordering::SeqCst), 0, "one generation at a time");
        Self(count.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Generator for Puppet {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async {
            let ready = self.is_ready.acquire().await;
            ready.map(drop).map_err(|_| Failure::Failed("no weights".to_owned()))
        })
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let _running = Running::start(&self.running);
            self.starts.send(request.seed).ok();
            self.go.acquire().await.expect("never closed").forget();
            let kind = request.kind;
            let bytes = (self.make)(request)?;
            Ok(Made {
                bytes,
                kind,
                took: Duration::ZERO,
                cost: None,
                licence: "CC0-1.0".to_owned(),
                notes: Vec::new(),
            })
        })
    }
}

/// A service, and the strings of its puppet.
struct Service {
    client: Client,
    log: Arc<Mutex<Vec<String>>>,
    starts: mpsc::UnboundedReceiver<Seed>,
    go: Arc<Semaphore>,
    running: Arc<AtomicUsize>,
    is_ready: Arc<Semaphore>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<io::Result<()>>,
}

/// How a service is started, where a test wants it otherwise.
struct Setting {
    config: Config,
    make: Box<Make>,
    gate: Option<Gate>,
    paint: Option<Paint>,
    /// Generations end without being told to.
    goes: bool,
    is_ready: bool,
}

impl Default for Setting {
    fn default() -> Self {
        let make = Box::new(|request: Request| Ok(echo(&request)));
        Self {
            config: Config::default(),
            make,
            gate: None,
            paint: None,
            goes: true,
            is_ready: true,
        }
    }
}

/// A model that tells what it was made from.
fn echo(request: &Request) -> Bytes {
    let (kind, seed) = (request.kind, request.seed);
    format!("{kind} of {} bytes, seed {seed}", request.picture.len()).into()
}

impl Setting {
    fn making(make: impl Fn(Request) -> Result<Bytes, Failure> + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), ..Self::default() }
    }

    async fn start(self) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = Client { address: listener.local_addr().expect("an address") };
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            stopped.await.ok();
        };
        let (start, starts) = mpsc::unbounded_channel();
        let go = Arc::new(Semaphore::new(if self.goes { 1 << 20 } else { 0 }));
        let is_ready = Arc::new(Semaphore::new(usize::from(self.is_ready)));
        let running = Arc::new(AtomicUsize::new(0));
        let card = Card {
            name: "puppet".to_owned(),
            kinds: Kind::ALL.to_vec(),
            licence: "CC0-1.0".to_owned(),
            cost: None,
            parallel: 1,
            is_deterministic: true,
        };
        let puppet = Puppet {
            card,
            make: self.make,
            starts: start,
            go: go.clone(),
            running: running.clone(),
            is_ready: is_ready.clone(),
        };
        let log = Arc::new(Mutex::new(Vec::new()));
        let lines = log.clone();
        let parts = Parts {
            generator: Arc::new(puppet),
            gate: self.gate,
            paint: self.paint,
            log: Box::new(move |level: Level, line: &str| {
                lines.lock().expect("no panic").push(format!("{level} {line}"));
            }),
        };
        let served = serve::generator::serve(listener, self.config, parts, stopped);
        let served = tokio::spawn(served);
        let service =
            Service { client, log, starts, go, running, is_ready, stop: Some(stop), served };
        while self.is_ready && service.client.get("/health").await.status != 200 {
            tokio::task::yield_now().await;
        }
        service
    }
}

impl Service {
    async fn start() -> Self {
        Setting::default().start().await
    }

    /// Waits until a generation starts.
    async fn started(&mut self) -> String {
        self.starts.recv().await.expect("the service runs").to_string()
    }

    /// Asks on a connection of its own.
    fn ask(&self, seed: &str) -> JoinHandle<Reply> {
        let (client, seed) = (self.client, seed.to_owned());
        tokio::spawn(async move { generate(client, &png(), &seed).await })
    }

    async fn stats(&self) -> serde_json::Value {
        self.client.get("/stats").await.json()
    }

    /// Waits until the statistics of the queue are so.
    async fn queue_is(&self, waiting: u64, is_running: bool) {
        loop {
            let queue = &self.stats().await["queue"];
            if queue["waiting"] == waiting && queue["running"] == is_running {
                return;
            }
            tokio::task::yield_now().await;
        }
    }
}

const PICTURE: &str = r#"form-data; name="prompt_image_file"; filename="prompt.jpg""#;
const SEED: &str = r#"form-data; name="seed""#;

/// Asks as the orchestrators do.
async fn generate(client: Client, picture: &[u8], seed: &str) -> Reply {
    client.form("/generate", &[(PICTURE, picture), (SEED, seed.as_bytes())]).await
}

/// A form's body with this boundary.
fn form(parts: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (head, bytes) in parts {
        body.extend(format!("--xYzZY\r\ncontent-disposition: {head}\r\n\r\n").bytes());
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--xYzZY--\r\n");
    body
}

/// A whole request for a model.
fn request(seed: &str) -> Vec<u8> {
    let body = form(&[(PICTURE, &png()), (SEED, seed.as_bytes())]);
    let length = body.len();
    let head = format!(
        "POST /generate HTTP/1.1\r\nhost: x\r\ncontent-type: multipart/form-data; boundary=xYzZY\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), &body].concat()
}

fn encoded(picture: impl Into<image::DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut bytes = io::Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, format).expect("memory");
    bytes.into_inner()
}

/// A red square on white.
fn square() -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| {
        let is_inside = (16..48).contains(&x) && (20..44).contains(&y);
        Rgb(if is_inside { [200, 30, 20] } else { [255; 3] })
    })
}

fn png() -> Vec<u8> {
    encoded(square(), ImageFormat::Png)
}

/// Reads until the head of an answer has ended, and gives it with what came after it.
async fn head(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return (String::from_utf8_lossy(&bytes).into_owned(), rest);
        }
        let mut piece = [0; 1024];
        let n_read = stream.read(&mut piece).await.expect("an answer");
        assert!(n_read > 0, "the connection ended in the head");
        bytes.extend(&piece[..n_read]);
    }
}
