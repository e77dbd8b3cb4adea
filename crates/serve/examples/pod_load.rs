//! What a batch service takes: `cargo run --release -p serve --example pod_load -- batch|memory|polls`.
//!
//! * `batch`: 32 prompts of a generator that sleeps 0.2 s, four workers: how much longer than sleeping alone.
//! * `memory`: 50 batches of 32 modules of 200 KB: what the process holds after each ten.
//! * `polls`: 10 000 polls a second of 200 connections during a batch of 30 s, against the same batch without them.
//!
//! Service, clients and the server of pictures are in this process, each on a runtime of its own.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a tool for measuring, not part of the service"
)]

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use generators::{Card, Failure, Generator, Made, Pending, Request};
use pod::wire::Kind;
use serde_json::{Value, json};
use serve::pod::Config;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

const CONNECTIONS: u64 = 200;
const POLLS_PER_S: u64 = 10_000;

/// Sleeps, and answers with so many bytes.
#[derive(Debug)]
struct Sleeper {
    card: Card,
    nap: Duration,
    bytes: usize,
}

impl Generator for Sleeper {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn generate(&self, _: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async {
            tokio::time::sleep(self.nap).await;
            Ok(Made {
                bytes: vec![b' '; self.bytes].into(),
                kind: Kind::Module,
                took: self.nap,
                cost: None,
                licence: "MIT".to_owned(),
                notes: Vec::new(),
            })
        })
    }
}

/// A service with its client.
struct Pod {
    service: SocketAddr,
    pictures: SocketAddr,
    clients: Runtime,
    _serving: Runtime,
    _folder: tempfile::TempDir,
}

impl Pod {
    fn start(nap: Duration, bytes: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let serving = Builder::new_multi_thread().enable_all().build().unwrap();
        let clients = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = serving.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let service = listener.local_addr().unwrap();
        let card = Card {
            name: "sleeper".to_owned(),
            kinds: vec![Kind::Module],
            licence: "MIT".to_owned(),
            cost: None,
            parallel: 4,
            is_deterministic: true,
        };
        let config = Config {
            workers: NonZeroUsize::new(4),
            allow_private_urls: true,
            ..Config::new(folder.path().to_owned())
        };
        let sleeper = Arc::new(Sleeper { card, nap, bytes });
        let log = Box::new(|_, _: &str| {});
        let never = std::future::pending();
        serving.spawn(serve::pod::serve(listener, config, sleeper, log, never));
        let pictures = clients.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = pictures.local_addr().unwrap();
        clients.spawn(async move {
            while let Ok((mut stream, _)) = pictures.accept().await {
                tokio::spawn(async move {
                    stream.read(&mut [0; 4096]).await.ok();
                    let answer =
                        "HTTP/1.1 200 OK\r\ncontent-length: 7\r\nconnection: close\r\n\r\npicture";
                    stream.write_all(answer.as_bytes()).await.ok();
                });
            }
        });
        let pod = Self { service, pictures: address, clients, _serving: serving, _folder: folder };
        while pod.ask("GET", "/status", "")["status"] != "ready" {}
        pod
    }

    /// One answer in JSON; nothing for another body.
    fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = self.clients.block_on(async {
            let mut stream = TcpStream::connect(self.service).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.unwrap();
            answer
        });
        let head = answer.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
        serde_json::from_slice(&answer[head + 4..]).unwrap_or(Value::Null)
    }

    /// From the order to `complete`.
    fn batch(&self, count: usize, id: usize) -> Duration {
        let url = format!("http://{}/p", self.pictures);
        let prompts: Vec<_> =
            (0..count).map(|idx| json!({ "stem": format!("s{idx}"), "image_url": url })).collect();
        let body = json!({ "prompts": prompts, "seed": 1, "batch_id": id.to_string() });
        let start = Instant::now();
        let accepted = self.ask("POST", "/generate", &body.to_string());
        assert_eq!(accepted["accepted"], count, "{accepted}");
        while self.ask("GET", "/status", "")["status"] != "complete" {
            std::thread::sleep(Duration::from_millis(5));
        }
        start.elapsed()
    }
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("batch") => batch(),
        Some("memory") => memory(),
        Some("polls") => polls(),
        _ => println!("which: batch, memory or polls?"),
    }
}

fn batch() {
    let pod = Pod::start(Duration::from_millis(200), 20_000);
    let ideal = 1.6;
    let mut times: Vec<f64> = (0..9).map(|id| pod.batch(32, id).as_secs_f64()).collect();
    times.sort_by(f64::total_cmp);
    let [best, median, worst] = [times[0], times[4], times[8]];
    println!("32 x 0.2 s, 4 workers, ideal {ideal} s; of nine batches:");
    for (name, time) in [("best", best), ("median", median), ("worst", worst)] {
        println!("{name} {time:.3} s, {:+.1} %", (time / ideal - 1.0) * 100.0);
    }
}

fn memory() {
    let pod = Pod::start(Duration::ZERO, 200_000);
    println!("batches of 32 modules of 200 KB; resident memory, with the clients':");
    for id in 1..=50 {
        pod.batch(32, id);
        pod.ask("GET", "/results", "");
        if id % 10 == 0 || id == 1 {
            println!("after {id}: {} KiB", resident_kib());
        }
    }
}

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse().unwrap()
}

/// Of this process, in user and system mode; the kernel counts in hundredths of a second.
fn cpu_s() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    fields.skip(11).take(2).map(|ticks| ticks.parse::<f64>().unwrap()).sum::<f64>() / 100.0
}

#[derive(Default)]
struct Tally {
    answered: AtomicU64,
    failed: AtomicU64,
    /// Of answers, in buckets of 1 ms; the last has no end.
    times: [AtomicU64; 32],
    longest_us: AtomicU64,
}

fn polls() {
    let pod = Pod::start(Duration::from_millis(1200), 20_000);
    let alone = pod.batch(100, 1).as_secs_f64();
    println!("100 x 1.2 s, 4 workers, without polls: {alone:.3} s");
    let tally = Arc::new(Tally::default());
    let pollers: Vec<_> = (0..CONNECTIONS)
        .map(|idx| pod.clients.spawn(poll(pod.service, idx, tally.clone())))
        .collect();
    let (start, cpu_before) = (Instant::now(), cpu_s());
    let polled = pod.batch(100, 2).as_secs_f64();
    let seconds = start.elapsed().as_secs_f64();
    pollers.iter().for_each(tokio::task::JoinHandle::abort);
    let count = |of: &AtomicU64| of.load(Ordering::Relaxed);
    let (answered, failed) = (count(&tally.answered), count(&tally.failed));
    println!("with polls: {polled:.3} s, {:+.2} %", (polled / alone - 1.0) * 100.0);
    println!(
        "{CONNECTIONS} connections, {answered} answers, {:.0} a second, {failed} errors",
        answered as f64 / seconds
    );
    let cpu_us = (cpu_s() - cpu_before) / (answered + failed).max(1) as f64 * 1e6;
    println!("processor time of a poll, both sides: {cpu_us:.0} µs");
    let within = |share: f64| {
        let mut seen = 0;
        let times = tally.times.iter().map(count);
        times
            .take_while(|times| {
                seen += times;
                (seen as f64) < share * answered as f64
            })
            .count()
            + 1
    };
    println!(
        "median < {} ms, 99 % < {} ms, longest {:.1} ms",
        within(0.5),
        within(0.99),
        count(&tally.longest_us) as f64 / 1000.0
    );
}

/// Polls at an even pace, whatever the answers take.
async fn poll(service: SocketAddr, idx: u64, tally: Arc<Tally>) {
    let period = Duration::from_secs(1) * CONNECTIONS as u32 / POLLS_PER_S as u32;
    let first = tokio::time::Instant::now() + period * idx as u32 / CONNECTIONS as u32;
    let mut pace = tokio::time::interval_at(first, period);
    let mut stream = BufReader::new(TcpStream::connect(service).await.unwrap());
    loop {
        pace.tick().await;
        let start = Instant::now();
        let answered = one_poll(&mut stream).await;
        let took = start.elapsed();
        let tell = if answered.is_some() { &tally.answered } else { &tally.failed };
        tell.fetch_add(1, Ordering::Relaxed);
        let bucket = (took.as_millis() as usize).min(tally.times.len() - 1);
        tally.times[bucket].fetch_add(1, Ordering::Relaxed);
        tally.longest_us.fetch_max(took.as_micros() as u64, Ordering::Relaxed);
        if answered.is_none() {
            stream = BufReader::new(TcpStream::connect(service).await.unwrap());
        }
    }
}

/// Something if the answer was 200 and says `generating` or `complete`.
async fn one_poll(stream: &mut BufReader<TcpStream>) -> Option<()> {
    let request = b"GET /status?replacements_remaining=3 HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(request).await.ok()?;
    let (mut line, mut length, mut is_ok) = (String::new(), 0, None);
    loop {
        line.clear();
        stream.read_line(&mut line).await.ok()?;
        is_ok = is_ok.or(Some(line.starts_with("HTTP/1.1 200")));
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let body = std::str::from_utf8(&body).ok()?;
    let says = |state| body.starts_with(&format!(r#"{{"status":"{state}""#));
    let is_known = says("generating") || says("complete");
    (is_ok == Some(true) && is_known).then_some(())
}
