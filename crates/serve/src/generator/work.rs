//! From a prompt to a model: its place in the queue, its picture looked at meanwhile, its turn.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::Request;
use bytes::Bytes;
use generators::{Failure, Made};
use pod::wire::{Kind, Seed};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::form::{self, Budget, ContentType, Form, Known};
use super::gate::{self, Verdict};
use super::limits::UNSENT_BYTES_MAX;
use super::outgoing::Unsent;
use super::picture::Prompt;
use super::queue::Queue;
use super::reply::Refusal;
use super::tally::Tally;
use super::{Config, Parts};
use crate::metrics::Metrics;

/// Pictures decoded at the same time, to know whether they can be.
const DECODING_MAX: usize = 1;

/// Where a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Stage {
    Starting,
    Ready,
    Stopping,
}

/// What all requests share.
pub(super) struct App {
    pub(super) config: Config,
    pub(super) parts: Parts,
    pub(super) queue: Queue<Result<Done, Failure>>,
    pub(super) budget: Budget,
    pub(super) unsent: Unsent,
    pub(super) tally: Tally,
    pub(super) metrics: Metrics,
    pub(super) n_requests: AtomicU64,
    decoding: Arc<Semaphore>,
    judging: Arc<Semaphore>,
    validation_mode: String,
    stage: AtomicU8,
}

/// A model, and what it was made from.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) made: Made,
    /// The picture that the generator got.
    pub(super) picture: Bytes,
    /// From its turn to the model.
    pub(super) took: Duration,
}

impl App {
    pub(super) fn new(config: Config, parts: Parts) -> std::io::Result<Self> {
        Ok(Self {
            queue: Queue::start(config.waiting_max, Handle::current())?,
            budget: Budget::new(),
            unsent: Unsent::new(UNSENT_BYTES_MAX),
            tally: Tally::default(),
            metrics: Metrics::default(),
            n_requests: AtomicU64::new(0),
            decoding: Arc::new(Semaphore::new(DECODING_MAX)),
            judging: Arc::new(Semaphore::new(1)),
            validation_mode: match &parts.gate {
                Some(gate) => format!("structure, {}", gate.descriptor.id()),
                None => "structure".to_owned(),
            },
            stage: AtomicU8::new(Stage::Starting as u8),
            config,
            parts,
        })
    }

    pub(super) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::SeqCst) {
            0 => Stage::Starting,
            1 => Stage::Ready,
            _ => Stage::Stopping,
        }
    }

    /// A stage never comes back.
    pub(super) fn enter(&self, stage: Stage) {
        self.stage.fetch_max(stage as u8, Ordering::SeqCst);
    }

    /// Whether a request is let in, before its body is read.
    pub(super) fn admit(&self) -> Result<(), Refusal> {
        match self.stage() {
            Stage::Starting => Err(Refusal::Starting),
            Stage::Stopping => Err(Refusal::Stopping),
            Stage::Ready if self.unsent.is_full() => Err(Refusal::NoRoom),
            Stage::Ready => Ok(()),
        }
    }

    /// Waits for its turn and generates. Dropping it gives the turn up, or stops the generation.
    pub(super) async fn make(
        self: &Arc<Self>,
        prompt: Prompt,
        seed: Seed,
        kind: Kind,
    ) -> Result<Done, Refusal> {
        let picture = match &prompt {
            Prompt::Picture(bytes) => {
                // By its header, which takes no time: most of what is no picture ends here.
                let size = vision::decode::size(bytes);
                size.map_err(|error| Refusal::Picture(error.to_string()))?;
                Some(bytes.clone())
            }
            Prompt::Text(_) => None,
        };
        let asked = Instant::now();
        let app = self.clone();
        let work = Box::pin(async move {
            app.tally.waited(asked.elapsed());
            let made = app.turn(prompt, seed, kind).await;
            if let Ok(done) = &made {
                app.tally.made(done.took);
            }
            made
        });
        let ticket = self.queue.submit(work).map_err(|full| self.busy(full.waiting_max))?;
        let refusal = match outcome(ticket.await.unwrap_or_else(|_| Err(broke()))) {
            Ok(done) => return Ok(done),
            Err(refusal) => refusal,
        };
        if let Refusal::Failed(_) = refusal {
            // Not every generator says so when it is the picture's fault.
            if let Some(picture) = picture {
                self.check(picture).await?;
            }
            self.tally.failed();
        }
        Err(refusal)
    }

    /// What happens when it is a prompt's turn.
    async fn turn(&self, prompt: Prompt, seed: Seed, kind: Kind) -> Result<Done, Failure> {
        let start = Instant::now();
        let time_max = self.config.generation_time_max;
        let making = async {
            let picture = match prompt {
                Prompt::Picture(picture) => picture,
                Prompt::Text(text) => {
                    let paint = self.parts.paint.as_ref();
                    let paint = paint.ok_or_else(|| Failure::Failed("no pictures".to_owned()))?;
                    let picture = paint(text, seed).await?;
                    let size = vision::decode::size(&picture);
                    size.map_err(|error| Failure::Failed(format!("of the text: {error}")))?;
                    picture
                }
            };
            let request = generators::Request::new(picture.clone(), seed, kind);
            let made = self.parts.generator.generate(request).await?;
            Ok((made, picture))
        };
        let made = tokio::time::timeout(time_max, making).await;
        let (made, picture) = made.map_err(|_| Failure::Time(time_max))??;
        if made.kind != kind {
            return Err(Failure::Failed(format!("asked for {kind}, it made {}", made.kind)));
        }
        if made.bytes.is_empty() {
            return Err(Failure::Failed("the model made is empty".to_owned()));
        }
        if made.bytes.len() > kind.bytes_max() {
            return Err(Failure::TooLong { max: kind.bytes_max() });
        }
        Ok(Done { made, picture, took: start.elapsed() })
    }

    /// Reads the known fields of a request's body, in time.
    pub(super) async fn read(
        &self,
        request: Request,
        taken: &[ContentType],
        known: &[Known],
    ) -> Result<Form, Refusal> {
        let time_max = self.config.upload_time_max;
        let reading = form::read(request, taken, known, &self.budget);
        let read = tokio::time::timeout(time_max, reading).await;
        read.map_err(|_| Refusal::TooSlow(time_max))?
    }

    /// Whether there are pictures to be had of texts.
    pub(super) fn can_paint(&self) -> Result<(), Refusal> {
        let text = "a text needs a text-to-image endpoint, and none is configured: send a picture";
        let refusal = || Refusal::Unsupported(text.to_owned());
        self.parts.paint.as_ref().map(drop).ok_or_else(refusal)
    }

    /// What results are looked at with.
    pub(super) fn validation_mode(&self) -> &str {
        &self.validation_mode
    }

    /// Whether a picture can be read, all of it.
    async fn check(&self, picture: Bytes) -> Result<(), Refusal> {
        // Never closed.
        let permit = self.decoding.clone().acquire_owned().await.ok();
        let decoding = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            vision::decode(&picture).map(|_| ())
        });
        let decoded = decoding.await.map_err(|_| Refusal::Failed(broke()))?;
        decoded.map_err(|error| Refusal::Picture(error.to_string()))
    }

    /// Looks at splats before they are handed out, one model at a time, while others are generated. `then` gets the
    /// splats when they are good.
    pub(super) async fn judge(
        self: &Arc<Self>,
        done: &Done,
        then: impl FnOnce(&asset::Splats) -> Result<Option<Bytes>, String> + Send + 'static,
    ) -> Result<(Verdict, Option<Bytes>), Refusal> {
        let permit = self.judging.clone().acquire_owned().await.ok();
        let start = Instant::now();
        let (app, prompt, model) = (self.clone(), done.picture.clone(), done.made.bytes.clone());
        let judging = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let (verdict, splats) = gate::judge(app.parts.gate.as_ref(), &prompt, &model)?;
            let other = if verdict.is_good { then(&splats)? } else { None };
            Ok((verdict, other))
        });
        let judged = judging.await.map_err(|_| Refusal::Failed(broke()))?;
        let judged = judged.map_err(|text: String| Refusal::Failed(Failure::Invalid(text)))?;
        self.tally.judged(start.elapsed(), judged.0.is_good);
        Ok(judged)
    }

    fn busy(&self, waiting_max: usize) -> Refusal {
        let usual = self.tally.usual().unwrap_or(Duration::from_secs(2));
        Refusal::Busy { waiting_max, after: usual }
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("config", &self.config).finish_non_exhaustive()
    }
}

fn broke() -> Failure {
    Failure::Failed("the generator broke".to_owned())
}

fn outcome(made: Result<Done, Failure>) -> Result<Done, Refusal> {
    made.map_err(|failure| match failure {
        Failure::BadPicture(text) => Refusal::Picture(format!("picture: {text}")),
        Failure::Unsupported { .. } => Refusal::Unsupported(failure.to_string()),
        failure => Refusal::Failed(failure),
    })
}
