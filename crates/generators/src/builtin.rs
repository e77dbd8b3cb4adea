//! The built-in generator: needs nothing but this program.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use generate::{GenerateError, Generated, Observer, Options, Outputs, Quality, ShapeKind, Stage};
use pod::wire::{Kind, Usd};
use tokio::time::Instant;

use crate::{Card, Failure, Generator, Made, Pending, Progress, Request};

/// The built-in generator.
#[derive(Debug)]
pub struct Builtin {
    card: Card,
    quality: Quality,
    shape: Option<ShapeKind>,
}

impl Builtin {
    /// Its name in every catalogue.
    pub const NAME: &str = "builtin";

    /// As it calls itself: it makes every kind, costs nothing, and uses all cores for one model.
    #[must_use]
    pub fn new(quality: Quality) -> Self {
        let card = Card {
            name: Self::NAME.to_owned(),
            kinds: Kind::ALL.to_vec(),
            licence: "as the picture".to_owned(),
            cost: Some(Usd::ZERO),
            parallel: 1,
            is_deterministic: true,
        };
        Self::with_card(card, quality)
    }

    /// The same under another card.
    #[must_use]
    pub const fn with_card(card: Card, quality: Quality) -> Self {
        Self { card, quality, shape: None }
    }

    /// The same, which takes this shape for everything.
    #[must_use]
    pub const fn shaped(mut self, shape: Option<ShapeKind>) -> Self {
        self.shape = shape;
        self
    }
}

impl Generator for Builtin {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let start = Instant::now();
            let (quality, shape, kind) = (self.quality, self.shape, request.kind);
            let stop = StopOnDrop(Arc::default());
            let watch = Watch { stop: stop.0.clone(), progress: request.progress.clone(), start };
            let work = move || make(&request, quality, shape, watch);
            let bytes = tokio::task::spawn_blocking(work)
                .await
                .map_err(|_| Failure::Failed("the built-in generator broke".to_owned()))??;
            Ok(Made {
                bytes,
                kind,
                took: start.elapsed(),
                cost: self.card.cost,
                licence: self.card.licence.clone(),
                notes: Vec::new(),
            })
        })
    }
}

/// The thread that works sees it at its next step, normally within a second.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Watch {
    stop: Arc<AtomicBool>,
    progress: Progress,
    start: Instant,
}

impl Observer for Watch {
    fn now(&mut self) -> Duration {
        self.start.elapsed()
    }

    fn progress(&mut self, stage: Stage, fraction: f32) {
        let before = Stage::ALL.iter().take_while(|other| **other != stage).count();
        let share = (before as f32 + fraction) / Stage::ALL.len() as f32;
        (self.progress)(Some(share), stage.name());
    }

    fn should_stop(&mut self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

fn make(
    request: &Request,
    quality: Quality,
    shape: Option<ShapeKind>,
    mut watch: Watch,
) -> Result<Bytes, Failure> {
    // The rooms below begin with the same word.
    let bad = |error: &dyn std::fmt::Display| {
        let text = error.to_string();
        Failure::BadPicture(text.strip_prefix("picture: ").unwrap_or(&text).to_owned())
    };
    let picture = vision::decode(&request.picture).map_err(|error| bad(&error))?;
    let options = Options {
        seed: request.seed.bits(),
        quality,
        shape,
        outputs: Outputs {
            splats: request.kind == Kind::Splats,
            mesh: request.kind == Kind::Mesh,
            module: request.kind == Kind::Module,
        },
    };
    let made = generate::generate(&picture, &options, &mut watch).map_err(|error| match error {
        GenerateError::CutOut(_) | GenerateError::TooSmall { .. } => bad(&error),
        other => Failure::Failed(other.to_string()),
    })?;
    encode(&made, request.kind)
}

fn encode(made: &Generated, kind: Kind) -> Result<Bytes, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let mut bytes = Vec::new();
    match kind {
        Kind::Splats => {
            asset::ply::write(&made.splats, &mut bytes).map_err(|error| failed(&error))?;
        }
        Kind::Mesh => {
            let scene = made.mesh.as_ref().ok_or_else(|| failed(&"no mesh was made"))?;
            asset::glb::write(scene, &mut bytes).map_err(|error| failed(&error))?;
        }
        Kind::Module => {
            let module = made.module.as_ref().ok_or_else(|| failed(&"no module was made"))?;
            bytes.extend_from_slice(module.source.trim_end().as_bytes());
            bytes.push(b'\n');
        }
    }
    Ok(bytes.into())
}
