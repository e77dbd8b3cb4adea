//! The work of a request: one verdict, then its pictures. Permits bound what runs at once; whoever has none waits in
//! the order of arrival.

use asset::scene::Material;
use image::{Rgba, RgbaImage, imageops};
use rayon::prelude::*;
use render::scene::{Prepared, Stop};
use render::{Camera, png};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SetOnce};
use tokio::time::Instant;

use super::painter::{Painters, Panicked};
use super::query::Shots;
use super::reply::{Images, Refusal};
use super::scenes::Scenes;
use super::upload::Budget;
use super::{Check, Config, Verdict};
use crate::metrics::{Figure, Metrics};
use crate::slots::{NoSlot, Slots};
use fetch::{Fetcher, Limits};

/// What requests share.
pub(super) struct App {
    pub(super) config: Config,
    pub(super) metrics: Metrics,
    pub(super) fetcher: Fetcher,
    views: AtomicU64,
    scene_hits: AtomicU64,
    scene_misses: AtomicU64,
    check: SetOnce<Check>,
    scenes: Scenes,
    pub(super) slots: Arc<Slots>,
    checks: Arc<Semaphore>,
    renders: Arc<Semaphore>,
    painters: Painters,
    pub(super) uploads: Budget,
}

/// A picture to draw, or a list of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// One PNG for a view, JSON for several.
    Views,
    /// One PNG of all views.
    Grid,
}

/// What a request gets.
#[derive(Debug)]
pub(super) enum Drawn {
    Png(Vec<u8>),
    Json(String),
}

impl App {
    pub(super) fn new(config: Config) -> io::Result<Self> {
        let may_connect =
            if config.allow_private_urls { fetch::anywhere } else { fetch::in_public };
        let slots = Slots::new(config.renders.get(), config.waiting_max);
        let semaphore =
            |permits: usize| Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)));
        Ok(Self {
            metrics: Metrics::default(),
            fetcher: Fetcher::new(may_connect, Limits::MODULE).map_err(io::Error::other)?,
            views: AtomicU64::new(0),
            scene_hits: AtomicU64::new(0),
            scene_misses: AtomicU64::new(0),
            check: SetOnce::new(),
            scenes: Scenes::new(config.scene_bytes_max),
            slots: Arc::new(slots),
            checks: semaphore(config.checks.get()),
            renders: semaphore(config.renders.get()),
            painters: Painters::start(config.renders)?,
            uploads: Budget::new(),
            config,
        })
    }

    pub(super) fn is_ready(&self, check: Check) {
        self.check.set(check).ok();
    }

    pub(super) fn can_check(&self) -> bool {
        self.check.initialized()
    }

    /// Figures that only this service has.
    pub(super) fn figures(&self) -> [Figure; 5] {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            Figure::counter("crucible_views_total", "Pictures drawn.", count(&self.views)),
            Figure::counter(
                "crucible_scene_hits_total",
                "Requests whose module had been checked before.",
                count(&self.scene_hits),
            ),
            Figure::counter(
                "crucible_scene_misses_total",
                "Requests whose module was checked.",
                count(&self.scene_misses),
            ),
            Figure::requests(&self.slots),
            Figure::gauge(
                "crucible_scene_bytes",
                "Checked modules kept in memory.",
                self.scenes.byte_len() as u64,
            ),
        ]
    }

    /// Lets a request in.
    pub(super) fn slot(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        self.slots.enter().map_err(|no| match no {
            NoSlot::Busy { waiting_max } => Refusal::Busy { waiting_max },
            NoSlot::Stopping => Refusal::Stopping,
        })
    }

    /// What is known of a module, found out if need be.
    pub(super) async fn verdict(
        self: &Arc<Self>,
        source: Vec<u8>,
    ) -> Result<Arc<Verdict>, Refusal> {
        let key = Sha256::digest(&source).into();
        let (verdict, was_there) = self.scenes.get(key, || self.clone().check(source)).await?;
        let counter = if was_there { &self.scene_hits } else { &self.scene_misses };
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(verdict)
    }

    async fn check(self: Arc<Self>, source: Vec<u8>) -> Result<Verdict, Refusal> {
        self.check.wait().await;
        let permit = permit(&self.checks).await?;
        let app = self.clone();
        let checking = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let start = Instant::now();
            let verdict = app.check.get().map(|check| check(&source));
            app.metrics.time("check", start.elapsed());
            verdict
        });
        match checking.await {
            Ok(Some(Ok(verdict))) => Ok(verdict),
            Ok(Some(Err(error))) => Err(Refusal::Other(error.to_string())),
            Ok(None) => Err(Refusal::Stopping),
            Err(_) => Err(Refusal::Other("check failed".to_owned())),
        }
    }

    /// Draws and encodes, view by view, so that one picture is held at a time.
    pub(super) async fn draw(
        self: &Arc<Self>,
        verdict: Arc<Verdict>,
        shots: Shots,
        form: Form,
    ) -> Result<Drawn, Refusal> {
        let views = shots.cameras.len();
        let drawn = self.paint(views, move |stop| pictures(&verdict, &shots, form, stop)).await?;
        drawn.ok_or_else(|| Refusal::Other("the module has no scene".to_owned()))
    }

    /// Does a job that draws `views` pictures, when it is its turn.
    pub(super) async fn paint<T: Send + 'static>(
        self: &Arc<Self>,
        views: usize,
        job: impl FnOnce(Stop<'_>) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = permit(&self.renders).await?;
        let is_given_up = GivenUp::default();
        let (app, flag) = (self.clone(), is_given_up.0.clone());
        let drawing = self.painters.run(move || {
            let _permit = permit;
            let start = Instant::now();
            let drawn = job(&|| flag.load(Ordering::Relaxed));
            app.metrics.time("draw", start.elapsed());
            app.views.fetch_add(views as u64, Ordering::Relaxed);
            drawn
        });
        let limit = self.config.render_timeout;
        match tokio::time::timeout(limit, drawing).await {
            Ok(Ok(drawn)) => Ok(drawn),
            Ok(Err(Panicked)) => Err(Refusal::Other("render failed".to_owned())),
            Err(_) => {
                Err(Refusal::Other(format!("render timed out after {}ms", limit.as_millis())))
            }
        }
    }
}

/// Tells the drawing thread to stop when the request is dropped: answered too late, or its client left.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Pixels drawn at the same time: two pictures of the competition, some 50 MB each while they are drawn.
const PIXELS_AT_ONCE: usize = 2 << 20;

/// Each view takes memory until it is encoded, with glass twice as much. One view is drawn by all threads too.
fn views_at_once(verdict: &Verdict, size_px: u32) -> usize {
    let materials = verdict.scene.iter().flat_map(|scene| &scene.materials);
    let mut physical = materials.filter_map(Material::physical);
    let weight = if physical.any(|physical| physical.transmission > 0.0) { 2 } else { 1 };
    let pixels = (size_px as usize).pow(2).saturating_mul(weight).max(1);
    (PIXELS_AT_ONCE / pixels).min(rayon::current_num_threads()).max(1)
}

/// Draws a few views at a time. `None` if it was stopped, or there is nothing to draw.
fn pictures(verdict: &Verdict, shots: &Shots, form: Form, stop: Stop<'_>) -> Option<Drawn> {
    let prepared = Prepared::new_until(verdict.scene.as_ref()?, stop).ok()?;
    let draw = |cameras: &[Option<Camera>]| {
        let views = cameras.iter().flatten().map(|camera| shots.shot(*camera, form));
        let drawn = prepared.draw_all(&views.collect::<Vec<_>>(), stop).ok()?;
        let mut drawn = drawn.into_iter();
        let empty = || {
            let [r, g, b] = shots.background;
            RgbaImage::from_pixel(shots.size_px, shots.size_px, Rgba([r, g, b, 255]))
        };
        let pictures = cameras.iter().map(|camera| camera.and_then(|_| drawn.next()));
        Some(pictures.map(|picture| picture.unwrap_or_else(empty)).collect::<Vec<_>>())
    };
    let some = views_at_once(verdict, shots.size_px);
    match (form, &shots.cameras[..]) {
        (Form::Views, [only]) => Some(Drawn::Png(png::encode(draw(&[*only])?.first()?))),
        (Form::Views, cameras) => {
            let mut images = Images::new();
            for some in cameras.chunks(some) {
                let pngs: Vec<_> = draw(some)?.par_iter().map(png::encode).collect();
                pngs.iter().for_each(|png| images.push(png));
            }
            Some(Drawn::Json(images.finish(shots.size_px)))
        }
        (Form::Grid, cameras) => {
            let (columns, _) = shots.cells();
            let (width, height) = shots.grid_px();
            let black = Rgba([0, 0, 0, 255]);
            let mut grid = RgbaImage::from_pixel(width as u32, height as u32, black);
            let step = i64::from(shots.size_px) + i64::from(shots.gap_px);
            let mut cell = 0;
            for some in cameras.chunks(some) {
                for picture in draw(some)? {
                    let (x, y) =
                        (step * (cell % i64::from(columns)), step * (cell / i64::from(columns)));
                    imageops::replace(&mut grid, &picture, x, y);
                    cell += 1;
                }
            }
            Some(Drawn::Png(png::encode(&grid)))
        }
    }
}

async fn permit(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Refusal> {
    of.clone().acquire_owned().await.map_err(|_| Refusal::Stopping)
}
