//! A batch service that is right, and one switch for each way to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::server::{Request, Service, chunks, head, json, reply};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Not a fault: it knows `batch_id`.
    Identities,
    /// Not a fault: it warms up for a while first.
    Warms,
    /// Not a fault to clients: modules are made without the pictures.
    IgnoresPictures,
    /// Not a fault to clients: a file nobody asked for.
    Readme,
    HealthAfterWarming,
    TakesWhileWarming,
    NestsWhileWarming,
    NeverReady,
    HealthFailsBusy,
    StatusNeedsParameter,
    StatusRefusesToken,
    SlowStatus,
    OtherWord,
    StatusIsText,
    NoTotal,
    ProgressBeyondTotal,
    ProgressGoesBack,
    AcceptsAnother,
    Answers202,
    GeneratesLate,
    StartsOver,
    RefusesRepeat,
    StartsOverComplete,
    RefusesRepeatComplete,
    TakesOther,
    NestsRefusal,
    EarlyResults,
    OtherType,
    WithLength,
    Stored,
    LosesStem,
    BothPlaces,
    EmptyManifest,
    KeepsOld,
    FreshBytes,
    ForgetsBroken,
    OneBatch,
    WarmsAgain,
    OneBadAllBad,
    WaitsForEndless,
    CannotReach,
    NeverEnds,
    EmptyWhenAllFailed,
    HangsWhenAllFailed,
    TakesAnyStem,
    BadStemResets,
    AlwaysReplace,
    SmallSeeds,
    LongModule,
    Encrypted,
    NotAZip,
    LongManifest,
    KeepsEverything,
    EchoesOnly,
    NeedsNoSeed,
    BadBodyResets,
    BadModules,
    FailsGoodOnes,
    HoldsWhileSending,
}

#[derive(Default)]
struct Inner {
    state: &'static str,
    stems: BTreeSet<String>,
    count: usize,
    batch_id: Option<String>,
    progress: usize,
    polls: usize,
    modules: BTreeMap<String, Vec<u8>>,
    failed: BTreeMap<String, String>,
    zip: Vec<u8>,
    /// Archives by their stems, for the service that keeps everything.
    kept: BTreeMap<BTreeSet<String>, Vec<u8>>,
    batches: usize,
}

pub(crate) struct Batch {
    fault: Fault,
    inner: Mutex<Inner>,
    /// Held while an archive is sent, by the service that does so.
    sending: tokio::sync::Mutex<()>,
    client: reqwest::Client,
    downloads: AtomicU32,
    asking: AtomicU32,
    is_slow: AtomicBool,
    forgotten: AtomicBool,
    this: std::sync::Weak<Self>,
}

/// Of a picture's body, after its headers.
const BODY_TIME: Duration = Duration::from_millis(1500);

impl Batch {
    pub(crate) fn new(fault: Fault) -> Arc<Self> {
        let warms = [
            Fault::Warms,
            Fault::HealthAfterWarming,
            Fault::TakesWhileWarming,
            Fault::NestsWhileWarming,
            Fault::NeverReady,
        ];
        rustls::crypto::ring::default_provider().install_default().ok();
        let state = if warms.contains(&fault) { "warming_up" } else { "ready" };
        Arc::new_cyclic(|this| Self {
            fault,
            inner: Mutex::new(Inner { state, ..Inner::default() }),
            sending: tokio::sync::Mutex::default(),
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            downloads: AtomicU32::new(0),
            asking: AtomicU32::new(0),
            is_slow: AtomicBool::new(false),
            forgotten: AtomicBool::new(false),
            this: this.clone(),
        })
    }

    async fn health(&self, stream: &mut TcpStream) {
        let state = self.inner.lock().unwrap().state;
        let is_down = match self.fault {
            Fault::HealthAfterWarming => state == "warming_up",
            Fault::HealthFailsBusy => state == "generating",
            _ => false,
        };
        let status = if is_down { 503 } else { 200 };
        json(stream, status, &json!({ "status": "ok" })).await;
    }

    async fn status(&self, stream: &mut TcpStream, request: &Request) {
        let remaining = request.query.strip_prefix("replacements_remaining=");
        if self.fault == Fault::StatusNeedsParameter && remaining.is_none() {
            return json(stream, 422, &json!({ "detail": "field required" })).await;
        }
        if self.fault == Fault::StatusRefusesToken && request.header("authorization").is_some() {
            return json(stream, 401, &json!({ "detail": "who are you" })).await;
        }
        if self.fault == Fault::HoldsWhileSending {
            drop(self.sending.lock().await);
        }
        let asking = self.asking.fetch_add(1, Ordering::SeqCst);
        if self.fault == Fault::SlowStatus {
            // Long enough for others to come.
            sleep(Duration::from_millis(20)).await;
        }
        if self.fault == Fault::SlowStatus && asking >= 5 {
            self.is_slow.store(true, Ordering::SeqCst);
        }
        if asking == 0 {
            self.is_slow.store(false, Ordering::SeqCst);
        }
        if self.is_slow.load(Ordering::SeqCst) {
            sleep(super::table::LONG).await;
        }
        self.asking.fetch_sub(1, Ordering::SeqCst);
        let body = self.status_body();
        if self.fault == Fault::StatusIsText {
            return reply(stream, 200, "application/json", b"ready!").await;
        }
        json(stream, 200, &body).await;
    }

    fn status_body(&self) -> Value {
        let mut inner = self.inner.lock().unwrap();
        inner.polls += 1;
        if self.fault == Fault::AlwaysReplace {
            return json!({ "status": "replace", "payload": {} });
        }
        if inner.state == "warming_up" && inner.polls > 3 && self.fault != Fault::NeverReady {
            inner.state = if inner.batches == 0 { "ready" } else { "generating" };
        }
        let word = match (self.fault, inner.state) {
            (Fault::OtherWord, "generating") => "working",
            (_, state) => state,
        };
        let mut body = json!({ "status": word });
        if inner.state == "generating" {
            let progress = match self.fault {
                Fault::ProgressBeyondTotal => inner.count + 1,
                Fault::ProgressGoesBack if inner.polls.is_multiple_of(2) => 0,
                Fault::ProgressGoesBack => inner.count,
                _ => inner.progress,
            };
            body["progress"] = json!(progress);
            if self.fault != Fault::NoTotal {
                body["total"] = json!(inner.count);
            }
        }
        body
    }

    async fn generate(&self, stream: &mut TcpStream, request: &Request) {
        let (status, body) = self.accept_batch(&request.body);
        json(stream, status, &body).await;
    }

    fn accept_batch(&self, body: &[u8]) -> (u16, Value) {
        let invalid = (422, json!({ "detail": "invalid" }));
        let mut inner = self.inner.lock().unwrap();
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        let prompts = parsed.as_ref().and_then(prompts_of);
        let seed = parsed.as_ref().and_then(|body| body.get("seed")?.as_i64());
        let seed = match self.fault {
            Fault::NeedsNoSeed => seed.or(Some(0)),
            Fault::SmallSeeds => seed.filter(|seed| i32::try_from(*seed).is_ok()),
            _ => seed,
        };
        let Some((prompts, _)) = prompts.zip(seed) else {
            if self.fault == Fault::BadBodyResets && inner.state == "complete" {
                inner.state = "ready";
            }
            return invalid;
        };
        let is_stem = |stem: &str| {
            let ok = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            !stem.is_empty() && stem.bytes().all(ok)
        };
        if self.fault != Fault::TakesAnyStem && !prompts.iter().all(|(stem, _)| is_stem(stem)) {
            if self.fault == Fault::BadStemResets {
                inner.state = "ready";
            }
            return invalid;
        }
        let stems: BTreeSet<_> = prompts.iter().map(|(stem, _)| stem.clone()).collect();
        let id = parsed.as_ref().and_then(|body| Some(body.get("batch_id")?.as_str()?.to_owned()));
        let id = id.filter(|_| matches!(self.fault, Fault::Identities | Fault::EchoesOnly));
        let is_same = match (&id, self.fault) {
            (Some(_), Fault::Identities) => id == inner.batch_id,
            _ => stems == inner.stems,
        };
        let state = inner.state;
        let is_idle = matches!(state, "ready" | "complete");
        let refusal = json!({ "detail": "Cannot accept batch", "current_status": state });
        let count = prompts.len() + usize::from(self.fault == Fault::AcceptsAnother);
        let mut accepted = json!({ "accepted": count });
        if let Some(id) = &id {
            accepted["batch_id"] = json!(id);
        }
        match self.fault {
            Fault::TakesWhileWarming if state == "warming_up" => return (200, accepted),
            Fault::NestsWhileWarming if state == "warming_up" => {
                return (409, json!({ "detail": refusal }));
            }
            Fault::RefusesRepeat if is_same && state == "generating" => return (409, refusal),
            Fault::RefusesRepeatComplete if is_same && state == "complete" => {
                return (409, refusal);
            }
            Fault::OneBatch if !is_same && state == "complete" => return (409, refusal),
            Fault::NestsRefusal if !is_same && state == "generating" => {
                return (409, json!({ "detail": refusal }));
            }
            Fault::KeepsEverything if is_idle && inner.kept.contains_key(&stems) => {
                inner.zip = inner.kept[&stems].clone();
                inner.stems = stems;
                return (200, accepted);
            }
            _ => {}
        }
        let starts = match (state, is_same) {
            ("generating", true) => self.fault == Fault::StartsOver,
            ("complete", true) => self.fault == Fault::StartsOverComplete,
            ("generating", false) => self.fault == Fault::TakesOther,
            ("ready" | "complete", false) | ("ready", true) => true,
            _ => false,
        };
        if starts {
            self.start(&mut inner, prompts, id);
        } else if !is_same || !matches!(state, "generating" | "complete") {
            return (409, refusal);
        }
        (if self.fault == Fault::Answers202 { 202 } else { 200 }, accepted)
    }

    fn start(&self, inner: &mut Inner, prompts: Vec<(String, String)>, batch_id: Option<String>) {
        inner.batches += 1;
        inner.polls = 0;
        inner.stems = prompts.iter().map(|(stem, _)| stem.clone()).collect();
        inner.count = prompts.len();
        inner.batch_id = batch_id;
        inner.progress = 0;
        inner.failed.clear();
        if self.fault != Fault::KeepsOld {
            inner.modules.clear();
        }
        self.forgotten.store(false, Ordering::SeqCst);
        let again = self.fault == Fault::WarmsAgain && inner.batches > 1;
        if self.fault != Fault::GeneratesLate {
            inner.state = if again { "warming_up" } else { "generating" };
        }
        let (this, batch) = (self.this.upgrade().unwrap(), inner.batches);
        tokio::spawn(async move { this.work(batch, prompts).await });
    }

    async fn work(&self, batch: usize, prompts: Vec<(String, String)>) {
        if self.fault == Fault::GeneratesLate {
            sleep(Duration::from_millis(300)).await;
            self.inner.lock().unwrap().state = "generating";
        }
        let mut any_bad = false;
        for (idx, (stem, url)) in prompts.iter().enumerate() {
            let fetched = match self.fault {
                Fault::IgnoresPictures => Ok(()),
                Fault::CannotReach => Err("private address".to_owned()),
                _ => self.fetch(url).await,
            };
            sleep(Duration::from_millis(20)).await;
            any_bad |= fetched.is_err();
            let mut inner = self.inner.lock().unwrap();
            if inner.batches != batch {
                return;
            }
            inner.progress += 1;
            let fetched = match self.fault {
                Fault::FailsGoodOnes if idx == 0 => Err("out of memory".into()),
                Fault::LongManifest => fetched.map_err(|_| "long ".repeat(4000)),
                _ => fetched,
            };
            match fetched {
                Ok(()) => inner.modules.insert(stem.clone(), self.module(stem, idx)).map(drop),
                Err(reason) => inner.failed.insert(stem.clone(), reason).map(drop),
            };
        }
        // Both know only now: batches end with their last prompt.
        let all_failed = any_bad && self.inner.lock().unwrap().modules.is_empty();
        if self.fault == Fault::NeverEnds || (self.fault == Fault::HangsWhenAllFailed && all_failed)
        {
            return;
        }
        while self.inner.lock().unwrap().state == "warming_up" {
            sleep(Duration::from_millis(10)).await;
        }
        let mut inner = self.inner.lock().unwrap();
        if inner.batches != batch {
            return;
        }
        if self.fault == Fault::OneBadAllBad && any_bad {
            let failed = inner.stems.iter().map(|stem| (stem.clone(), "batch failed".to_owned()));
            inner.failed = failed.collect();
            inner.modules.clear();
        }
        if self.fault == Fault::EmptyWhenAllFailed && all_failed {
            inner.failed.clear();
        }
        inner.zip = self.archive(&inner);
        let (stems, zip) = (inner.stems.clone(), inner.zip.clone());
        inner.kept.insert(stems, zip);
        inner.state = "complete";
    }

    async fn fetch(&self, url: &str) -> Result<(), String> {
        let failed = || "image download failed".to_owned();
        let mut response = self.client.get(url).send().await.map_err(|_| failed())?;
        if response.status() != 200 {
            return Err(failed());
        }
        let limit = if self.fault == Fault::WaitsForEndless { Duration::MAX } else { BODY_TIME };
        let mut body = Vec::new();
        let read = async {
            while let Some(chunk) = response.chunk().await.map_err(|_| failed())? {
                body.extend_from_slice(&chunk);
            }
            Ok(())
        };
        timeout(limit, read).await.unwrap_or_else(|_| Err(failed()))?;
        image::guess_format(&body).map(drop).map_err(|_| "not a picture".into())
    }

    /// Text that does not deflate to nothing.
    fn module(&self, stem: &str, idx: usize) -> Vec<u8> {
        let length = match self.fault {
            Fault::LongModule if idx == 0 => (1 << 20) + 1,
            Fault::HoldsWhileSending => 900_000,
            _ => 20_000,
        };
        let mut module = format!("export default (THREE) => null; // {stem} ").into_bytes();
        if self.fault == Fault::BadModules {
            module = b"BREAKS ".to_vec();
        }
        let mut word = 88_172_645_463_325_252_u64 + idx as u64;
        while module.len() < length {
            word ^= word << 13;
            word ^= word >> 7;
            word ^= word << 17;
            module.push(b' ' + (word % 95) as u8);
        }
        module
    }

    fn archive(&self, inner: &Inner) -> Vec<u8> {
        let method = match self.fault {
            Fault::Stored => CompressionMethod::Stored,
            _ => CompressionMethod::Deflated,
        };
        let options = SimpleFileOptions::default().compression_method(method);
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let mut add = |name: &str, content: &[u8]| {
            zip.start_file(name, options).unwrap();
            zip.write_all(content).unwrap();
        };
        let lost = inner.stems.first().filter(|_| self.fault == Fault::LosesStem);
        for (stem, module) in &inner.modules {
            if Some(stem) != lost {
                add(&format!("{stem}.js"), module);
            }
        }
        let mut failed = inner.failed.clone();
        if let Some(stem) = inner.modules.keys().next().filter(|_| self.fault == Fault::BothPlaces)
        {
            failed.insert(stem.clone(), "both".into());
        }
        if !failed.is_empty() || self.fault == Fault::EmptyManifest {
            add("_failed.json", json!(failed).to_string().as_bytes());
        }
        if self.fault == Fault::Readme {
            add("README.txt", b"hello");
        }
        let mut bytes = zip.finish().unwrap().into_inner();
        match self.fault {
            Fault::NotAZip => bytes = b"not a ZIP".to_vec(),
            Fault::Encrypted => {
                // Bit 0 of the flags, in both headers of every entry.
                for at in 0..bytes.len() - 10 {
                    match &bytes[at..at + 4] {
                        b"PK\x03\x04" => bytes[at + 6] |= 1,
                        b"PK\x01\x02" => bytes[at + 8] |= 1,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        bytes
    }

    async fn results(&self, stream: &mut TcpStream) {
        let (state, zip) = {
            let inner = self.inner.lock().unwrap();
            (inner.state, inner.zip.clone())
        };
        let zip = match (state, self.fault) {
            ("complete", _) if !self.forgotten.load(Ordering::SeqCst) => zip,
            (_, Fault::EarlyResults) => self.archive(&Inner::default()),
            _ => {
                let detail = format!("Results not available in state '{state}'.");
                return json(stream, 409, &json!({ "detail": detail })).await;
            }
        };
        let zip = match self.fault {
            Fault::FreshBytes => {
                // A comment that changes, behind a length that says so.
                let count = self.downloads.fetch_add(1, Ordering::SeqCst);
                let end = zip.len() - 2;
                [&zip[..end], &2_u16.to_le_bytes(), format!("{:02}", count % 100).as_bytes()]
                    .concat()
            }
            _ => zip,
        };
        match self.fault {
            Fault::OtherType => chunks(stream, "application/octet-stream", &zip).await,
            Fault::WithLength => {
                let length = format!("content-length: {}\r\n", zip.len());
                let head = head(200, "application/zip", &length);
                stream.write_all(&[head.as_bytes(), &zip].concat()).await.ok();
            }
            Fault::HoldsWhileSending => {
                let _sending = self.sending.lock().await;
                chunks(stream, "application/zip", &zip).await;
            }
            Fault::ForgetsBroken => self.forget_when_broken(stream, &zip).await,
            _ => chunks(stream, "application/zip", &zip).await,
        }
    }

    /// Sends slowly enough to see that the client has gone.
    async fn forget_when_broken(&self, stream: &mut TcpStream, zip: &[u8]) {
        let head = head(200, "application/zip", "transfer-encoding: chunked\r\n");
        stream.write_all(head.as_bytes()).await.ok();
        for chunk in zip.chunks(8192) {
            let chunk = [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat();
            let gone = timeout(Duration::from_millis(15), stream.peek(&mut [0])).await;
            if gone.is_ok() || stream.write_all(&chunk).await.is_err() {
                return self.forgotten.store(true, Ordering::SeqCst);
            }
        }
        stream.write_all(b"0\r\n\r\n").await.ok();
    }
}

impl Service for Batch {
    async fn answer(&self, stream: &mut TcpStream, request: Request) {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/health") => self.health(stream).await,
            ("GET", "/status") => self.status(stream, &request).await,
            ("POST", "/generate") => self.generate(stream, &request).await,
            ("GET", "/results") => self.results(stream).await,
            _ => json(stream, 404, &json!({ "detail": "Not Found" })).await,
        }
    }
}

fn prompts_of(body: &Value) -> Option<Vec<(String, String)>> {
    let text = |prompt: &Value, name| Some(prompt.get(name)?.as_str()?.to_owned());
    let prompts = body.get("prompts")?.as_array()?;
    prompts.iter().map(|prompt| text(prompt, "stem").zip(text(prompt, "image_url"))).collect()
}
