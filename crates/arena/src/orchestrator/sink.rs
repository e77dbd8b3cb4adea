//! Takes what images make: asset and pictures into the store, then a row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use chain::Pending;
use futures_util::future::try_join_all;
use ledger::files::outputs::{Output, Outputs};
use ledger::files::pod_stats::{AllPodStats, PodStats};
use ledger::files::reports::{GenerationOutcome, GenerationReports};
use ledger::json::Json;
use ledger::{JsonFile as _, LEADER, Place, RoundFile};
use store::{Digest, StoreError};
use tokio::sync::Semaphore;
use views::Kind;

use super::desk::Desk;
use super::reports::{self, PROMPT_IMAGE_MISSING};
use super::seen::asset_kind;
use super::{Job, Rules, Settings, Told};
use crate::drawing::{self, Slow, Undrawn};
use crate::notify::notices::{self, PodTrouble, Progress};
use crate::outbox::Outbox;
use crate::ports::{Made, OrderEnd, Ports, RepeatDone, Sink, Stop, WebError, WebLimits};

/// Characters of a reason in a row.
const REASON_MAX: usize = 200;

/// Tries to draw an asset before it is asked whether the studio works.
const DRAWING_TRIES: u32 = 4;

/// Bytes of prompts' pictures that are kept in memory.
const PICTURES_MAX: usize = 64 << 20;

/// What all sinks of a turn share.
pub(super) struct Shop<'a> {
    pub(super) ports: &'a Ports,
    pub(super) settings: &'a Settings,
    pub(super) desk: Desk<'a>,
    pub(super) outbox: &'a Outbox,
    pub(super) rules: Rules,
    pub(super) told: &'a Told,
    pictures: Mutex<BTreeMap<String, Bytes>>,
    places: Semaphore,
}

impl<'a> Shop<'a> {
    pub(super) fn new(
        ports: &'a Ports,
        settings: &'a Settings,
        outbox: &'a Outbox,
        desk: Desk<'a>,
        told: &'a Told,
    ) -> Self {
        let places = Semaphore::new(settings.storing_max.clamp(1, Semaphore::MAX_PERMITS));
        let (rules, pictures) = (settings.rules(), Mutex::default());
        Self { ports, settings, desk, outbox, rules, told, pictures, places }
    }

    /// The picture of a prompt; nothing if there is none and never will be.
    async fn picture(&self, url: &str) -> Result<Option<Bytes>, String> {
        let known = || self.pictures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(picture) = known().get(url) {
            return Ok(Some(picture.clone()));
        }
        let limits = WebLimits {
            bytes_max: self.settings.prompt_bytes_max,
            time_max: Duration::from_secs(self.settings.prompt_timeout_s),
            rate_min: None,
        };
        let picture = match self.ports.web.get(url, &limits).await {
            Ok(picture) => picture,
            Err(WebError::TooLarge | WebError::Status(404 | 410) | WebError::Kind("bad_url")) => {
                return Ok(None);
            }
            Err(error) => return Err(format!("the picture of a prompt: {error}")),
        };
        let mut known = known();
        let held: usize = known.values().map(Bytes::len).sum();
        if held.saturating_add(picture.len()) <= PICTURES_MAX {
            known.insert(url.to_owned(), picture.clone());
        }
        Ok(Some(picture))
    }
}

/// Takes what is made for one order.
pub(super) struct Taker<'a> {
    pub(super) shop: &'a Shop<'a>,
    pub(super) job: Job,
    /// Set when more cannot change the verdict.
    pub(super) stop: Stop,
    /// Seconds of repeats that are whole.
    seconds: Mutex<BTreeMap<u32, f64>>,
    slow: Slow,
}

impl<'a> Taker<'a> {
    pub(super) fn new(shop: &'a Shop<'a>, job: Job, stop: Stop) -> Self {
        Self { shop, job, stop, seconds: Mutex::default(), slow: Slow::default() }
    }

    /// Tells people how far a run came that is over.
    pub(super) fn tell_progress(&self, end: &OrderEnd, stats: Option<&str>) {
        let Job { order, targets } = &self.job;
        let mut seen = Progress {
            total: targets.len() * order.repeats as usize,
            replacements: replacements(stats),
            ..Progress::default()
        };
        let mut is_lost = false;
        for repeat in 1..=order.repeats {
            // Whoever ends the order finds out too, and says so.
            let Ok(rows) = self.shop.desk.rows(order.round, &order.hotkey, repeat) else { return };
            let (generated, failed) = reports::count(&rows, targets);
            seen.generated += generated as usize;
            seen.failed += failed as usize;
            is_lost |= failed > self.shop.rules.limits.failures;
        }
        let seconds = self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        seen.seconds = seconds.values().sum();
        is_lost |= seconds.values().any(|seconds| *seconds > self.shop.rules.limits.time_s);
        let is_over = *end != OrderEnd::Stopped || is_lost && order.hotkey != LEADER;
        let run = format!("run {} {} {seen:?}", order.round, order.hotkey);
        if is_over && self.shop.told.is_new(run) {
            let notice = notices::generation_progress(order.round, &order.hotkey, seen);
            self.shop.ports.notify.tell(notice);
        }
    }

    async fn take(&self, made: Made) -> Result<(), String> {
        let Job { order, targets } = &self.job;
        let Made { repeat, stem, asset } = made;
        // An answer to what nobody asked for is passed over.
        let url = order.prompts.iter().find(|(name, _)| *name == stem).map(|(_, url)| url);
        let Some(url) = url.filter(|_| (1..=order.repeats).contains(&repeat)) else {
            return Ok(());
        };
        let desk = &self.shop.desk;
        let rows =
            || desk.rows(order.round, &order.hotkey, repeat).map_err(|error| error.to_string());
        if rows()?.contains_key(&stem) {
            return Ok(());
        }
        let row = match asset {
            Ok(asset) => {
                let place = self.shop.places.acquire().await;
                let row = self.keep(repeat, &stem, url, asset).await;
                drop(place);
                row?
            }
            Err(reason) => self.failure(&reason),
        };
        let added = desk.add_rows(order.round, &order.hotkey, repeat, vec![(stem, row)]);
        let rows = added.map_err(|error| error.to_string())?;
        self.mind(&rows, targets);
        Ok(())
    }

    /// Stops what is lost for certain.
    fn mind(&self, rows: &Outputs, targets: &BTreeSet<String>) {
        let (_, failed) = reports::count(rows, targets);
        if self.job.order.hotkey != LEADER && failed > self.shop.rules.limits.failures {
            self.stop.set();
        }
    }

    fn failure(&self, reason: &str) -> Output {
        let mut row = Output::new(asset_kind(self.job.order.kind));
        row.failure_reason = Some(clean(reason));
        row
    }

    /// Asset and pictures to the store.
    async fn keep(
        &self,
        repeat: u32,
        stem: &str,
        url: &str,
        asset: Bytes,
    ) -> Result<Output, String> {
        let order = &self.job.order;
        let kind = asset_kind(order.kind);
        let extension = kind.extension();
        if asset.len() > bytes_max(order.kind) {
            return Ok(self.failure(&format!("{extension}_too_large")));
        }
        let root = &self.shop.settings.storage_root_folder;
        let prefix = format!("{root}/{}/{}/generated_{repeat}/{stem}", order.round, order.hotkey);
        let key = format!("{prefix}.{extension}");
        let store = &self.shop.ports.store;
        match store.put(&key, asset.clone(), content_type(order.kind)).await {
            Ok(_) => {}
            Err(StoreError::Key { problem, .. }) => {
                return Ok(self.failure(&format!("the name of the prompt {problem}")));
            }
            Err(error) => return Err(error.to_string()),
        }
        let mut row = Output::new(kind);
        row.asset = Some(store.url(&key));
        row.size = asset.len() as u64;
        row.sha256 = Some(Digest::of(&asset).to_string());
        let Some(picture) = self.shop.picture(url).await? else {
            row.failure_reason = Some(PROMPT_IMAGE_MISSING.to_owned());
            return Ok(row);
        };
        let ports = self.shop.ports;
        let drawn = drawing::draw(ports, order.kind, (asset, picture), DRAWING_TRIES, &self.slow);
        match drawn.await {
            Ok(bundle) => {
                let puts = bundle.files().map(|(name, content_type, content)| {
                    let key = format!("{prefix}/{name}");
                    async move { store.put(&key, content.clone(), content_type).await }
                });
                try_join_all(puts).await.map_err(|error| error.to_string())?;
                let shown = if order.kind == Kind::Module { "" } else { "/grid.png" };
                row.picture = Some(format!("{}{shown}", store.url(&prefix)));
                row.layout
                    .set("views_sha256", Json::from(Digest(bundle.digest()).to_string().as_str()));
            }
            Err(Undrawn::Asset(why)) => {
                // It was made, and counts as such: what cannot be drawn loses its duels.
                row.layout.set("detail", Json::from(clean(&why).as_str()));
            }
            Err(Undrawn::Prompt(_)) => {
                row.failure_reason = Some(PROMPT_IMAGE_MISSING.to_owned());
            }
            Err(Undrawn::Ours(why)) => return Err(clean(&why)),
        }
        Ok(row)
    }

    fn done(&self, done: &RepeatDone) -> Result<(), String> {
        let Job { order, targets } = &self.job;
        if !(1..=order.repeats).contains(&done.repeat) {
            return Ok(());
        }
        let desk = &self.shop.desk;
        let rows = desk.rows(order.round, &order.hotkey, done.repeat);
        let rows = rows.map_err(|error| error.to_string())?;
        let seconds = || self.seconds.lock().unwrap_or_else(PoisonError::into_inner);
        seconds().insert(done.repeat, done.seconds);
        if !reports::is_whole(&rows, targets) {
            return Err(format!("repeat {}: not every prompt has a row", done.repeat));
        }
        if order.hotkey != LEADER {
            let new = reports::repeat(done.repeat, &rows, targets, done.seconds);
            let place = Place::Round(order.round, RoundFile::GenerationReports);
            let all = desk.find(&place).map_err(|error| error.to_string())?;
            let mut all: GenerationReports = all.unwrap_or_default();
            let before = all.get(&order.hotkey).cloned();
            let before = before.unwrap_or_else(|| reports::new(&order.hotkey));
            let is_there = |one: &ledger::files::reports::Repeat| one.repeat_index == done.repeat;
            // What was said once stays: its time was measured then.
            if before.outcome == GenerationOutcome::Pending && !before.repeats.iter().any(is_there)
            {
                let repeats = before.repeats.iter().cloned().chain([new]).collect();
                let limits = self.shop.rules.limits;
                let report = reports::verdict(before, repeats, order.repeats, limits);
                if report.outcome == GenerationOutcome::Rejected {
                    self.stop.set();
                }
                let is_final = report.outcome != GenerationOutcome::Pending;
                let news = is_final.then(|| reports::notice(order.round, &report));
                all.insert(order.hotkey.clone(), report);
                let said =
                    self.shop.outbox.surely(self.shop.ports, news.into_iter().collect(), || {
                        desk.edit(&place, |now: &mut GenerationReports| {
                            *now = all;
                            true
                        })
                    });
                said.map_err(|error| error.to_string())?;
            }
        }
        // It will be committed in any case; that it is not yet is nobody's trouble.
        desk.flush().ok();
        Ok(())
    }
}

impl Sink for Taker<'_> {
    fn put(&self, made: Made) -> Pending<'_, Result<(), String>> {
        Box::pin(self.take(made))
    }

    fn repeat_done(&self, report: RepeatDone) -> Pending<'_, Result<(), String>> {
        Box::pin(async move { self.done(&report) })
    }

    fn trouble(&self, trouble: PodTrouble, reason: &str) {
        let hotkey = &self.job.order.hotkey;
        if self.shop.told.is_new(format!("{trouble:?} {hotkey} {reason}")) {
            let notice = notices::pod_trouble(trouble, hotkey, &clean(reason));
            self.shop.ports.notify.tell(notice);
        }
    }
}

/// Pods of an order after its first, by their statistics.
fn replacements(stats: Option<&str>) -> usize {
    let stats = stats.and_then(|text| AllPodStats::from_text("pod_stats.json", text).ok());
    let pods: BTreeSet<String> = stats
        .into_iter()
        .flatten()
        .map(|(_, pod)| match pod {
            PodStats::Batch(pod) => pod.pod_id,
            PodStats::Single(pod) => pod.pod_id,
        })
        .collect();
    pods.len().saturating_sub(1)
}

/// A reason without control characters, cut.
fn clean(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(REASON_MAX).collect();
    if shown.is_empty() { "no reason given".to_owned() } else { shown }
}

fn content_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Splats | Kind::Mesh => "application/octet-stream",
        Kind::Module => "text/javascript",
    }
}

/// The longest asset of a competition.
fn bytes_max(kind: Kind) -> usize {
    match kind {
        Kind::Splats => pod::wire::Kind::Splats.bytes_max(),
        Kind::Mesh => pod::wire::Kind::Mesh.bytes_max(),
        Kind::Module => pod::wire::Kind::Module.bytes_max(),
    }
}
