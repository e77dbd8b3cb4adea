//! How much time the generator service takes on top of a generation, and how soon `/health` answers while all cores are
//! busy.
//!
//! `cargo run --release -p serve --example generator_overhead [REQUESTS]`
//!
//! The generator is a program that copies a file: `cp`. It is called by itself and through the service in turn; the
//! difference of the medians is the overhead. Then `/health` is asked while a generation computes on every core, once
//! with threads that give way, as those of `crucible serve` do, and once without.
#![allow(clippy::disallowed_methods, clippy::print_stdout, reason = "a program that measures")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use generators::{Card, Command, Failure, Generator, Made, Pending, Program, Request};
use pod::wire::{Kind, Seed};
use serve::generator::{Config, Parts};
use tokio::sync::oneshot;

/// Requests that are not counted.
const WARM_UP: usize = 10;
/// Questions for `/health`.
const HEALTH_REQUESTS: usize = 1000;

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(200);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let picture = picture();
    let program = Program::new(&["cp", "{image}", "{output}"]).expect("a program");
    let copies: Arc<dyn Generator> = Arc::new(Command::new(card("cp"), program));
    let (address, _stop) = start(&runtime, copies.clone());
    let mut alone = Vec::new();
    let mut served = Vec::new();
    for n in 0..count + WARM_UP {
        let request = Request::new(picture.clone(), Seed::from(n as u64), Kind::Splats);
        let from = Instant::now();
        let made = runtime.block_on(copies.generate(request)).expect("a copy");
        let took = from.elapsed();
        let from = Instant::now();
        let answer = ask(address, &generate(&picture, n));
        let took_served = from.elapsed();
        assert!(answer.starts_with(b"HTTP/1.1 200 OK") && answer.ends_with(&made.bytes));
        if n >= WARM_UP {
            alone.push(took);
            served.push(took_served);
        }
    }
    println!("{count} requests, a picture of {} bytes", picture.len());
    println!("alone:   {}", figures(&mut alone));
    println!("served:  {}", figures(&mut served));
    let over = served[count / 2].saturating_sub(alone[count / 2]);
    println!("overhead of the median: {:.2} ms", ms(over));
    for gives_way in [true, false] {
        let busy = Arc::new(Busy { card: card("busy"), gives_way });
        let (address, _stop) = start(&runtime, busy);
        let mut generation = TcpStream::connect(address).expect("it listens");
        generation.write_all(&generate(&picture, 0)).expect("sent");
        std::thread::sleep(Duration::from_millis(200));
        let mut times = Vec::new();
        for _ in 0..HEALTH_REQUESTS {
            let from = Instant::now();
            let answer =
                ask(address, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
            times.push(from.elapsed());
            assert!(answer.starts_with(b"HTTP/1.1 200 OK"));
            std::thread::sleep(Duration::from_millis(2));
        }
        let how = if gives_way { "giving way" } else { "not giving way" };
        println!("/health, {} threads {how}: {}", cores(), figures(&mut times));
    }
}

fn card(name: &str) -> Card {
    Card {
        name: name.to_owned(),
        kinds: vec![Kind::Splats],
        licence: "CC0-1.0".to_owned(),
        cost: None,
        parallel: 1,
        is_deterministic: true,
    }
}

/// Computes on every core until nobody waits any more.
#[derive(Debug)]
struct Busy {
    card: Card,
    gives_way: bool,
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Generator for Busy {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn generate(&self, _: Request) -> Pending<'_, Result<Made, Failure>> {
        let gives_way = self.gives_way;
        Box::pin(async move {
            let stop = StopOnDrop(Arc::default());
            for _ in 0..cores() {
                let stop = stop.0.clone();
                // From a thread that gives way come threads that do.
                let spin = move || {
                    while !stop.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                };
                if gives_way {
                    std::thread::spawn(spin);
                } else {
                    tokio::task::spawn_blocking(spin);
                }
            }
            std::future::pending().await
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn start(
    runtime: &tokio::runtime::Runtime,
    generator: Arc<dyn Generator>,
) -> (SocketAddr, oneshot::Sender<()>) {
    let (stop, stopped) = oneshot::channel();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("an address");
    let parts = Parts { generator, paint: None, gate: None, log: Box::new(|_, _| {}) };
    let config = Config { drain_time_max: Duration::ZERO, ..Config::default() };
    runtime.spawn(serve::generator::serve(listener, config, parts, async {
        stopped.await.ok();
    }));
    while !ask(address, b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .starts_with(b"HTTP/1.1 200 OK")
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    (address, stop)
}

/// A connection of its own, as the contract's clients have it; up to the last byte.
fn ask(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.write_all(request).expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    answer
}

fn generate(picture: &[u8], seed: usize) -> Vec<u8> {
    let mut body = b"--b\r\ncontent-disposition: form-data; name=\"prompt_image_file\"; filename=\"prompt.jpg\"\r\ncontent-type: image/jpeg\r\n\r\n".to_vec();
    body.extend(picture);
    body.extend(
        format!(
            "\r\n--b\r\ncontent-disposition: form-data; name=\"seed\"\r\n\r\n{seed}\r\n--b--\r\n"
        )
        .bytes(),
    );
    let length = body.len();
    let head = format!(
        "POST /generate HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\ncontent-length: {length}\r\n\r\n"
    );
    [head.as_bytes(), &body].concat()
}

/// A prompt's usual size: 1024 × 1024.
fn picture() -> Bytes {
    let picture = image::RgbImage::from_fn(1024, 1024, |x, y| {
        image::Rgb([(x / 4) as u8, (y / 4) as u8, ((x * y) >> 12) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Jpeg).expect("memory");
    bytes.into_inner().into()
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn figures(times: &mut [Duration]) -> String {
    times.sort_unstable();
    let at = |percent: usize| ms(times[(times.len() * percent / 100).min(times.len() - 1)]);
    format!("median {:.2} ms, p90 {:.2} ms, p99 {:.2} ms", at(50), at(90), at(99))
}
