//! A single-shot service that is right, and one switch for each way to be wrong.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::time::sleep;

use super::server::{Request, Service, chunks, head, json, reply};
use super::table::LONG;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Not a fault: chunks instead of a length.
    Chunked,
    /// Not a fault: other bytes each time, of the same look.
    Wobbles,
    NeverHealthy,
    HealthyTooSoon,
    HealthWaits,
    NoJpeg,
    Redirects,
    NoPng,
    NoAlpha,
    CrashesOnBig,
    SmallSeeds,
    NoNegativeSeeds,
    HeadersFirst,
    NoModel,
    PageInstead,
    BodyTooShort,
    BodyTooLong,
    ChunksWithoutEnd,
    OtherType,
    HoldsWhileStreaming,
    Busy,
    MixesUp,
    OneModelForBoth,
    OkForGarbage,
    SilentOnGarbage,
    DiesOfGarbage,
    SilentOnOdd,
    TakesAnyForm,
    Random,
    BreaksRules,
    TooLarge,
    NeedsNoToken,
    DiesOfLeaving,
    ReadsOneAtATime,
}

pub(crate) struct Single {
    fault: Fault,
    gate: Arc<Mutex<()>>,
    uploads: Arc<Mutex<()>>,
    count: AtomicU32,
    is_dead: AtomicBool,
    waiting: AtomicU32,
    has_company: AtomicBool,
    last_picture: std::sync::Mutex<Vec<u8>>,
}

impl Single {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            gate: Arc::default(),
            uploads: Arc::default(),
            count: AtomicU32::new(0),
            is_dead: AtomicBool::new(false),
            waiting: AtomicU32::new(0),
            has_company: AtomicBool::new(false),
            last_picture: std::sync::Mutex::default(),
        }
    }

    async fn health(&self, stream: &mut TcpStream) {
        match self.fault {
            Fault::NeverHealthy => return reply(stream, 503, "text/plain", b"loading").await,
            Fault::HealthWaits => drop(self.gate.lock().await),
            _ => {}
        }
        json(stream, 200, &json!({ "status": "healthy" })).await;
    }

    async fn generate(&self, stream: &mut TcpStream, request: Request) {
        let refuse = |why: &str| json!({ "detail": why });
        let count = self.count.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::HealthyTooSoon if count == 0 => {
                return json(stream, 503, &refuse("models are loading")).await;
            }
            Fault::NeedsNoToken if request.header("authorization").is_some() => {
                return json(stream, 401, &refuse("who are you")).await;
            }
            Fault::Redirects => {
                let more = "location: /generate/\r\ncontent-length: 0\r\n";
                stream.write_all(head(307, "text/plain", more).as_bytes()).await.ok();
                return;
            }
            _ => {}
        }
        if self.is_dead.load(Ordering::SeqCst) {
            return json(stream, 500, &refuse("the worker has ended")).await;
        }
        let form = part(&request, "prompt_image_file").zip(part(&request, "seed"));
        let (picture, seed) = match form {
            Some((picture, seed)) => (picture, String::from_utf8_lossy(&seed).into_owned()),
            None if self.fault == Fault::TakesAnyForm => {
                ([b"\xff\xd8\xff", [0; 61].as_slice()].concat(), "0".into())
            }
            None => return json(stream, 422, &refuse("field required")).await,
        };
        let Ok(seed) = seed.parse::<i64>() else {
            return json(stream, 422, &refuse("seed is no integer")).await;
        };
        let is_refused = match self.fault {
            Fault::SmallSeeds => i32::try_from(seed).is_err(),
            Fault::NoNegativeSeeds => seed < 0,
            _ => false,
        };
        if is_refused {
            return json(stream, 422, &refuse("seed out of range")).await;
        }
        let Ok(format) = image::guess_format(&picture) else {
            return self.garbage(stream, picture.is_empty()).await;
        };
        let is_png = format == image::ImageFormat::Png;
        // The colour type of a PNG; 6 is RGBA.
        let has_alpha = is_png && picture[25] == 6;
        let is_wide = picture[24] == 1 || format == image::ImageFormat::Gif;
        match self.fault {
            Fault::NoJpeg if !is_png => return json(stream, 415, &refuse("only PNG")).await,
            Fault::NoPng if is_png && !has_alpha && picture[24] == 8 => {
                return json(stream, 415, &refuse("not a JPEG")).await;
            }
            Fault::NoAlpha if has_alpha => return json(stream, 500, &refuse("4 channels")).await,
            Fault::CrashesOnBig if picture.len() > 500_000 => {
                return json(stream, 500, &refuse("out of memory")).await;
            }
            Fault::SilentOnOdd if is_wide => return,
            _ => {}
        }
        self.work(stream, &picture, seed, count).await;
    }

    async fn garbage(&self, stream: &mut TcpStream, is_empty: bool) {
        match self.fault {
            Fault::OkForGarbage => {
                return reply(stream, 200, "application/octet-stream", b"").await;
            }
            Fault::SilentOnGarbage if !is_empty => return,
            Fault::DiesOfGarbage => self.is_dead.store(true, Ordering::SeqCst),
            _ => {}
        }
        json(stream, 422, &json!({ "detail": "not a picture" })).await;
    }

    /// One generation at a time, in the order in which they came.
    async fn work(&self, stream: &mut TcpStream, picture: &[u8], seed: i64, count: u32) {
        let head = |more: &str| head(200, self.kind(), more);
        if self.waiting.fetch_add(1, Ordering::SeqCst) > 0 && self.fault == Fault::Busy {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            self.has_company.store(true, Ordering::SeqCst);
            return json(stream, 503, &json!({ "detail": "busy" })).await;
        }
        *self.last_picture.lock().unwrap() = picture.to_vec();
        if matches!(self.fault, Fault::MixesUp | Fault::OneModelForBoth | Fault::Busy) {
            self.wait_for_company().await;
        }
        let gate = self.gate.lock().await;
        let model = match self.fault {
            Fault::OneModelForBoth if self.has_company.load(Ordering::SeqCst) => {
                self.model(b"both", seed)
            }
            _ => self.model(picture, seed),
        };
        let pause = if self.fault == Fault::HealthWaits && count == 0 {
            LONG
        } else {
            Duration::from_millis(40)
        };
        if self.fault == Fault::HeadersFirst && count == 0 {
            let length = format!("content-length: {}\r\n", model.len());
            stream.write_all(head(&length).as_bytes()).await.ok();
            sleep(LONG).await;
            stream.write_all(&model).await.ok();
            self.waiting.fetch_sub(1, Ordering::SeqCst);
            return;
        }
        let mut byte = [0];
        tokio::select! {
            () = sleep(pause) => {}
            left = stream.peek(&mut byte) => {
                if self.fault == Fault::DiesOfLeaving && !matches!(left, Ok(1)) {
                    self.is_dead.store(true, Ordering::SeqCst);
                }
                sleep(pause).await;
            }
        }
        // The last one out.
        if self.waiting.load(Ordering::SeqCst) == 1 {
            self.has_company.store(false, Ordering::SeqCst);
        }
        let model = match self.fault {
            Fault::MixesUp => self.model(&self.last_picture.lock().unwrap(), seed),
            _ => model,
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let gate = Some(gate).filter(|_| self.fault == Fault::HoldsWhileStreaming);
        let length = |length: usize| head(&format!("content-length: {length}\r\n"));
        match self.fault {
            Fault::Chunked => chunks(stream, self.kind(), &model).await,
            Fault::ChunksWithoutEnd => {
                let chunk =
                    format!("{}{:x}\r\n", head("transfer-encoding: chunked\r\n"), model.len());
                stream.write_all(&[chunk.as_bytes(), &model, b"\r\n"].concat()).await.ok();
            }
            Fault::BodyTooShort => {
                let bytes = [length(model.len() + 7).as_bytes(), &model].concat();
                stream.write_all(&bytes).await.ok();
            }
            Fault::BodyTooLong => {
                let bytes = [length(model.len()).as_bytes(), &model, b"tail"].concat();
                stream.write_all(&bytes).await.ok();
            }
            _ => {
                stream.write_all(length(model.len()).as_bytes()).await.ok();
                stream.write_all(&model).await.ok();
            }
        }
        drop(gate);
    }

    /// Gives a second request the time to come, so that the two meet for sure.
    async fn wait_for_company(&self) {
        for _ in 0..40 {
            if self.waiting.load(Ordering::SeqCst) > 1 {
                self.has_company.store(true, Ordering::SeqCst);
            }
            if self.has_company.load(Ordering::SeqCst) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    }

    fn kind(&self) -> &'static str {
        if self.fault == Fault::OtherType {
            "model/gltf-binary"
        } else {
            "application/octet-stream"
        }
    }

    /// Depends on the picture and the seed; the judge of the tests reads it.
    fn model(&self, picture: &[u8], seed: i64) -> Vec<u8> {
        let sum: u64 =
            picture.iter().zip(1..).map(|(byte, at): (_, u64)| u64::from(*byte) * at).sum();
        let mut model = format!("ply\nlook {sum} {seed}\n").into_bytes();
        match self.fault {
            Fault::NoModel => return Vec::new(),
            Fault::PageInstead => return b"<html>done</html>".to_vec(),
            Fault::BreaksRules => model.extend_from_slice(b"BREAKS"),
            Fault::Random => {
                let count = self.count.load(Ordering::SeqCst);
                model = format!("ply\nlook {sum} {seed} {count}\n").into_bytes();
            }
            Fault::Wobbles => {
                let count = self.count.load(Ordering::SeqCst);
                model.extend_from_slice(count.to_string().as_bytes());
            }
            _ => {}
        }
        // Longer than the kernel keeps of what is not read, where that matters.
        let length = match self.fault {
            Fault::HoldsWhileStreaming => 2 << 20,
            Fault::TooLarge => super::table::MODEL_BYTES_MAX + 1,
            _ => 60_000,
        };
        model.resize(length.max(model.len()), b'.');
        model
    }
}

impl Service for Single {
    async fn answer(&self, stream: &mut TcpStream, request: Request) {
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/health") => self.health(stream).await,
            ("POST", "/generate") => self.generate(stream, request).await,
            _ => json(stream, 404, &json!({ "detail": "Not Found" })).await,
        }
    }

    async fn accept(&self) -> Option<tokio::sync::OwnedMutexGuard<()>> {
        match self.fault {
            Fault::ReadsOneAtATime => Some(self.uploads.clone().lock_owned().await),
            _ => None,
        }
    }
}

/// A part of a form.
fn part(request: &Request, name: &str) -> Option<Vec<u8>> {
    let boundary = request.header("content-type")?.split_once("boundary=")?.1;
    let find = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).position(|it| it == what);
    let begin = find(&request.body, format!("name=\"{name}\"").as_bytes())?;
    let rest = &request.body[begin..];
    let rest = &rest[find(rest, b"\r\n\r\n")? + 4..];
    let end = find(rest, format!("\r\n--{boundary}").as_bytes())?;
    Some(rest[..end].to_vec())
}
