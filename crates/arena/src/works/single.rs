//! Orders of splats and meshes: pods of the single-shot contract, one picture after another.
//!
//! What was made is in `made/` and `single.json`, each asset before it is handed on. After a crash a new pod makes the rest; the
//! old one is deleted.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleet::names::{LABEL_HOTKEY, PodName, Purpose, Word};
use fleet::provider::{Phase, Provider, ProviderError, Seen, Spec};
use fleet::session::{Limits, Row};
use fleet::sweep::{Insistence, delete_verified};
use ledger::LEADER;
use pod::client::{ClientError, Single as Client, SingleLimits};
use pod::wire::{PORT, Seed};
use serde::{Deserialize, Serialize};
use store::Digest;

use super::Inner;
use super::meter::lock;
use super::order::{image, metered, now_s, who};
use crate::notify::notices::PodTrouble;
use crate::orchestrator::reports::PROMPT_IMAGE_MISSING;
use crate::ports::{Made, Order, OrderEnd, RepeatDone, Sink, Stop, Web, WebError, WebLimits};

/// Between two looks whether to stop.
const LOOK: Duration = Duration::from_millis(100);

/// Requests for one prompt.
const TRIES: u32 = 2;

/// Prompts in a row that a pod that runs did not answer.
const UNANSWERED_MAX: u32 = 3;

/// Of one prompt's picture.
const PICTURE: WebLimits =
    WebLimits { bytes_max: 32 << 20, time_max: Duration::from_secs(120), rate_min: None };

/// What is known of an order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Record {
    image: String,
    prompts: Vec<(String, String)>,
    seed: u32,
    repeats: u32,
    /// By repeat and stem.
    rows: BTreeMap<u32, BTreeMap<String, Row>>,
    /// Seconds by repeat, failed requests too.
    spent: BTreeMap<u32, f64>,
    pods: Vec<Pod>,
    /// Ends by fault of the image, before and after the first pod was ready.
    first_faults: u32,
    faults: u32,
}

/// A pod that was had, in the words of `pod_stats.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Pod {
    pod_id: String,
    processed: u32,
    successful: u32,
    hard_failed: u32,
    termination_reason: String,
    is_ready: bool,
}

/// How the work of one pod ended.
enum PodEnd {
    Done,
    Stopped,
    /// By fault of the image.
    Fault(&'static str),
    /// By nobody's.
    Gone,
    /// By the provider's.
    Provider(&'static str),
}

struct Single<'a> {
    inner: &'a Inner,
    order: &'a Order,
    folder: PathBuf,
    web: Arc<dyn Web>,
    sink: &'a dyn Sink,
    stop: &'a Stop,
    limits: Limits,
    providers: Vec<Arc<dyn Provider>>,
    record: Record,
    who: Word,
}

pub(super) async fn run(
    inner: &Inner,
    order: &Order,
    folder: PathBuf,
    sink: &dyn Sink,
    stop: &Stop,
) -> Result<(OrderEnd, Option<String>), String> {
    let web = inner.web.clone().ok_or("without a web no pictures for these pods")?;
    let fresh = Record {
        image: image(&inner.settings, &order.image)?,
        prompts: order.prompts.clone(),
        seed: order.seed,
        repeats: order.repeats,
        ..Record::default()
    };
    let record = match read(&folder.join("single.json"))? {
        Some(old)
            if (&old.image, &old.prompts, old.seed, old.repeats)
                == (&fresh.image, &fresh.prompts, fresh.seed, fresh.repeats) =>
        {
            old
        }
        _ => fresh,
    };
    let mut limits = inner.settings.limits.clone();
    if order.hotkey == LEADER {
        limits.generation = None;
    }
    let by_name = metered(inner, order);
    let providers = inner.names.iter().filter_map(|name| by_name.get(name).cloned()).collect();
    let who = who(&order.hotkey, 0)?;
    let mut single =
        Single { inner, order, folder, web, sink, stop, limits, providers, record, who };
    single.delete_leftovers().await?;
    let is_all = single.hand_all().await?;
    let end = if is_all { single.work().await } else { Ok(OrderEnd::Stopped) };
    let stats = single.statistics()?;
    Ok((end?, stats))
}

impl Single<'_> {
    async fn work(&mut self) -> Result<OrderEnd, String> {
        let mut lost = 0;
        while let Some((repeat, _)) = self.next() {
            if self.stop.is_set() {
                return Ok(OrderEnd::Stopped);
            }
            if let Some(why) = self.too_slow(repeat) {
                return Ok(OrderEnd::Rejected(why));
            }
            if self.record.first_faults >= self.limits.first_attempts.max(1) {
                return Ok(OrderEnd::Rejected("Failed to deploy a docker image".to_owned()));
            }
            if self.record.faults > self.limits.replacements {
                let why = "not made: no replacement of the pod was left";
                while let Some((repeat, stem)) = self.next() {
                    if !self.keep(repeat, &stem, Err(why.to_owned())).await? {
                        return Ok(OrderEnd::Stopped);
                    }
                }
                break;
            }
            let acquired = self.acquire().await;
            let acquired = acquired.inspect_err(|why| self.sink.trouble(PodTrouble::Deploy, why));
            let Some((provider, seen)) = acquired? else {
                return Ok(OrderEnd::Stopped);
            };
            let end = self.on_pod(&*provider, &seen).await;
            let gone = delete_verified(&*provider, &seen.id, &Insistence::default()).await;
            lock(&self.inner.meter).gone(provider.name(), &seen.id, now_s());
            let word = match &end {
                Ok(PodEnd::Done) => "completed",
                Ok(PodEnd::Stopped) => "stopped",
                Ok(PodEnd::Fault(word) | PodEnd::Provider(word)) => *word,
                Ok(PodEnd::Gone) | Err(_) => "gone",
            };
            if let Some(pod) = self.record.pods.last_mut() {
                word.clone_into(&mut pod.termination_reason);
                if matches!(end, Ok(PodEnd::Fault(_) | PodEnd::Gone | PodEnd::Provider(_))) {
                    let trouble =
                        if pod.is_ready { PodTrouble::Unreachable } else { PodTrouble::Deploy };
                    self.sink.trouble(trouble, &format!("{}: {word}", pod.pod_id));
                }
            }
            if matches!(end, Ok(PodEnd::Fault(_))) {
                let is_first = !self.record.pods.iter().any(|pod| pod.is_ready);
                let record = &mut self.record;
                *(if is_first { &mut record.first_faults } else { &mut record.faults }) += 1;
            }
            self.write()?;
            gone.map_err(|left| left.to_string())?;
            match end? {
                PodEnd::Stopped => return Ok(OrderEnd::Stopped),
                PodEnd::Gone | PodEnd::Provider(_) => lost += 1,
                PodEnd::Done | PodEnd::Fault(_) => {}
            }
            if lost > self.limits.infrastructure {
                return Err(format!("{lost} pods were taken away or never came"));
            }
        }
        Ok(OrderEnd::Completed)
    }

    /// The first prompt without a row.
    fn next(&self) -> Option<(u32, String)> {
        let none = BTreeMap::new();
        (1..=self.order.repeats).find_map(|repeat| {
            let rows = self.record.rows.get(&repeat).unwrap_or(&none);
            let stems = self.order.prompts.iter().map(|(stem, _)| stem);
            Some((repeat, stems.into_iter().find(|stem| !rows.contains_key(*stem))?.clone()))
        })
    }

    fn too_slow(&self, repeat: u32) -> Option<String> {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds far below 2^53")]
        let most = self.limits.generation? as f64 / 1000.0;
        let time = self.record.spent.get(&repeat).copied().filter(|time| *time > most)?;
        Some(format!("Repeat {repeat}: time ({time:.1}s) exceeds limit ({most:.1}s)"))
    }

    /// A pod, from the first provider that has one.
    async fn acquire(&mut self) -> Result<Option<(Arc<dyn Provider>, Seen)>, String> {
        let pause = Duration::from_millis(self.limits.acquisition_pause.max(1));
        for attempt in 0..self.limits.acquisitions.max(1) {
            let index = u32::try_from(self.record.pods.len()).unwrap_or(u32::MAX);
            let round = self.order.round.0;
            let purpose = Purpose::Round { round, who: self.who.clone() };
            let name = PodName { purpose, index, instance: self.inner.instance.clone() };
            let turn = (index as usize).wrapping_add(attempt as usize);
            let count = self.providers.len().max(1);
            let provider = self.providers.get(turn % count).cloned().ok_or("no provider")?;
            let settings = &self.inner.settings;
            let mut labels = name.labels(Some(&self.order.hotkey));
            labels.insert(LABEL_HOTKEY.to_owned(), self.order.hotkey.clone());
            let spec = Spec {
                name: name.to_string(),
                image: self.record.image.clone(),
                gpu_type: settings.gpu_type.clone(),
                gpu_count: settings.gpu_count,
                port: PORT,
                concurrency: 2,
                env: settings.env.clone(),
                labels,
            };
            // In the record first, so that a name is never used twice.
            self.record.pods.push(Pod { pod_id: name.to_string(), ..Pod::default() });
            self.write()?;
            match provider.deploy(&spec).await {
                Ok(seen) => return Ok(Some((provider, seen))),
                Err(ProviderError::Orphan { id, .. }) => {
                    let gone = delete_verified(&*provider, &id, &Insistence::default()).await;
                    gone.map_err(|left| left.to_string())?;
                }
                Err(error) => {
                    // It may have got through all the same.
                    self.delete_leftovers().await?;
                    self.record.pods.pop();
                    if !error.is_transient() && count == 1 {
                        return Err(error.to_string());
                    }
                }
            }
            if !self.wait(pause).await {
                return Ok(None);
            }
        }
        Err(format!("{} deployments in vain", self.limits.acquisitions))
    }

    async fn on_pod(&mut self, provider: &dyn Provider, seen: &Seen) -> Result<PodEnd, String> {
        let client = match self.ready(provider, &seen.id).await? {
            Ok(client) => client,
            Err(end) => return Ok(end),
        };
        if let Some(pod) = self.record.pods.last_mut() {
            pod.is_ready = true;
        }
        let mut pictures: BTreeMap<String, Bytes> = BTreeMap::new();
        let mut unanswered = 0;
        while let Some((repeat, stem)) = self.next() {
            if self.stop.is_set() {
                return Ok(PodEnd::Stopped);
            }
            if let Some(over) =
                lock(&self.inner.meter).over(&self.order.hotkey, self.order.round.0, now_s())
            {
                return Err(over);
            }
            if self.too_slow(repeat).is_some() {
                return Ok(PodEnd::Done);
            }
            let url = self.order.prompts.iter().find(|(name, _)| *name == stem);
            let url = url.map(|(_, url)| url.clone()).unwrap_or_default();
            let picture = match pictures.get(&stem) {
                Some(picture) => picture.clone(),
                None => match self.picture(&url).await? {
                    Some(Ok(picture)) => picture,
                    Some(Err(reason)) => {
                        self.keep(repeat, &stem, Err(reason)).await?;
                        continue;
                    }
                    None => return Ok(PodEnd::Stopped),
                },
            };
            if self.order.repeats > 1 && pictures.len() < 256 && picture.len() < 1 << 20 {
                pictures.insert(stem.clone(), picture.clone());
            }
            let asset = match self.make(provider, &seen.id, &client, repeat, &picture).await? {
                Try::Asset(asset) => {
                    unanswered = 0;
                    Ok(asset)
                }
                Try::Failed { reason, is_silent } => {
                    unanswered = if is_silent { unanswered + 1 } else { 0 };
                    Err(reason)
                }
                Try::Ended(end) => return Ok(end),
            };
            if let Some(pod) = self.record.pods.last_mut() {
                pod.processed += 1;
                *(if asset.is_ok() { &mut pod.successful } else { &mut pod.hard_failed }) += 1;
            }
            if !self.keep(repeat, &stem, asset).await? {
                return Ok(PodEnd::Stopped);
            }
            if unanswered >= UNANSWERED_MAX {
                return Ok(PodEnd::Fault("unreachable"));
            }
        }
        Ok(PodEnd::Done)
    }

    /// Waits until a pod answers: until it has an address as long as its provider may take, and from then on as long as the image may.
    /// Time in which neither provider nor pod answers is nobody's.
    async fn ready(
        &self,
        provider: &dyn Provider,
        id: &str,
    ) -> Result<Result<Client, PodEnd>, String> {
        let most = |ms: u64| Duration::from_millis(ms);
        let look = Duration::from_millis(self.limits.look.max(1));
        let mut began = tokio::time::Instant::now();
        let mut client: Option<Client> = None;
        let mut away = None;
        loop {
            let asked = tokio::time::Instant::now();
            let seen = provider.get(id).await;
            match &seen {
                Ok(None) => return Ok(Err(PodEnd::Gone)),
                Ok(Some(Seen { phase: Phase::Exited { .. }, .. })) => {
                    return Ok(Err(PodEnd::Fault("exited")));
                }
                Ok(Some(Seen { phase: Phase::Failed, .. })) => {
                    return Ok(Err(PodEnd::Provider("provider_failed")));
                }
                Ok(Some(Seen { url: Some(url), .. })) if client.is_none() => {
                    let (bearer, limits) = (provider.bearer().cloned(), SingleLimits::default());
                    let made = Client::new(url, bearer, limits);
                    client = Some(made.map_err(|error| error.to_string())?);
                    began = tokio::time::Instant::now();
                }
                Ok(Some(_)) | Err(_) => {}
            }
            if let Some(client) = &client
                && client.health().await.is_ok()
            {
                return Ok(Ok(client.clone()));
            }
            if !self.wait(look).await {
                return Ok(Err(PodEnd::Stopped));
            }
            if seen.is_err() {
                if away.get_or_insert(asked).elapsed() > most(self.limits.outage) {
                    return Err("neither provider nor pod answered".to_owned());
                }
                began += asked.elapsed();
                continue;
            }
            away = None;
            match &client {
                None if began.elapsed() > most(self.limits.visible) => {
                    return Ok(Err(PodEnd::Provider("not_visible")));
                }
                Some(_) if began.elapsed() > most(self.limits.warm_up) => {
                    return Ok(Err(PodEnd::Fault("warm_up_timeout")));
                }
                _ => {}
            }
        }
    }

    /// One asset.
    async fn make(
        &mut self,
        provider: &dyn Provider,
        id: &str,
        client: &Client,
        repeat: u32,
        picture: &Bytes,
    ) -> Result<Try, String> {
        let mut tries = 0;
        let outage = tokio::time::Instant::now();
        loop {
            let began = tokio::time::Instant::now();
            let stop = async {
                while !self.stop.is_set() {
                    tokio::time::sleep(LOOK).await;
                }
            };
            let made = tokio::select! {
                biased;
                () = stop => return Ok(Try::Ended(PodEnd::Stopped)),
                made = client.generate(picture.clone(), Seed::from(self.order.seed)) => made,
            };
            let time = made.as_ref().map_or_else(|_| began.elapsed(), |made| made.generation_time);
            let error = match made {
                Ok(made) => {
                    *self.record.spent.entry(repeat).or_default() += time.as_secs_f64();
                    return Ok(Try::Asset(made.bytes));
                }
                Err(error) => error,
            };
            let is_silent = matches!(error, ClientError::Transport(_) | ClientError::Time { .. });
            if is_silent {
                match provider.get(id).await {
                    Ok(None) => return Ok(Try::Ended(PodEnd::Gone)),
                    Ok(Some(Seen { phase: Phase::Failed, .. })) => {
                        return Ok(Try::Ended(PodEnd::Provider("provider_failed")));
                    }
                    Ok(Some(Seen { phase: Phase::Exited { .. }, .. })) => {
                        return Ok(Try::Ended(PodEnd::Fault("exited")));
                    }
                    Ok(Some(_)) => {}
                    Err(_) => {
                        // Neither answers: a trouble of ours, which counts for nobody.
                        let most = Duration::from_millis(self.limits.outage);
                        if outage.elapsed() > most {
                            return Err("neither provider nor pod answered".to_owned());
                        }
                        self.wait(Duration::from_millis(self.limits.look.max(1))).await;
                        continue;
                    }
                }
            }
            *self.record.spent.entry(repeat).or_default() += time.as_secs_f64();
            tries += 1;
            if tries >= TRIES || !error.is_transient() {
                return Ok(Try::Failed { reason: error.to_string(), is_silent });
            }
            self.wait(Duration::from_millis(self.limits.poll)).await;
        }
    }

    /// The picture of a prompt, or why there is none; nothing when the stop came first.
    async fn picture(&self, url: &str) -> Result<Option<Result<Bytes, String>>, String> {
        let mut pause = Duration::from_secs(1);
        while !self.stop.is_set() {
            match self.web.get(url, &PICTURE).await {
                Ok(picture) => return Ok(Some(Ok(picture))),
                Err(
                    WebError::TooLarge | WebError::Status(404 | 410) | WebError::Kind("bad_url"),
                ) => {
                    return Ok(Some(Err(PROMPT_IMAGE_MISSING.to_owned())));
                }
                Err(error) if !error.is_transient() => {
                    return Err(format!("the picture of a prompt: {error}"));
                }
                Err(_) => {}
            }
            self.wait(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        }
        Ok(None)
    }

    /// Keeps what became of a prompt, and hands it on; false when the stop came first.
    async fn keep(
        &mut self,
        repeat: u32,
        stem: &str,
        asset: Result<Bytes, String>,
    ) -> Result<bool, String> {
        let row = match &asset {
            Ok(asset) => {
                write_whole(&self.path(repeat, stem), asset)?;
                Row::Made { sha256: Digest::of(asset).to_string(), bytes: asset.len() as u64 }
            }
            Err(reason) => Row::Failed { reason: reason.clone() },
        };
        self.record.rows.entry(repeat).or_default().insert(stem.to_owned(), row);
        self.write()?;
        Ok(self.hand(repeat, stem, asset).await && self.say(repeat).await)
    }

    /// Everything that was made before this process.
    async fn hand_all(&self) -> Result<bool, String> {
        for (repeat, rows) in &self.record.rows {
            for (stem, row) in rows {
                let asset = match row {
                    Row::Failed { reason } => Err(reason.clone()),
                    Row::Made { sha256, .. } => {
                        let path = self.path(*repeat, stem);
                        let asset = fs_err::read(&path).map_err(|error| error.to_string())?;
                        if Digest::of(&asset).to_string() != *sha256 {
                            let path = path.display();
                            return Err(format!(
                                "{path}: not what was made; delete the order's folder"
                            ));
                        }
                        Ok(Bytes::from(asset))
                    }
                };
                if !self.hand(*repeat, stem, asset).await {
                    return Ok(false);
                }
            }
            if !self.say(*repeat).await {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn hand(&self, repeat: u32, stem: &str, asset: Result<Bytes, String>) -> bool {
        let mut pause = Duration::from_secs(1);
        while !self.stop.is_set() {
            let made = Made { repeat, stem: stem.to_owned(), asset: asset.clone() };
            if self.sink.put(made).await.is_ok() {
                return true;
            }
            self.wait(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        }
        false
    }

    /// Says that a repeat is whole, if it is.
    async fn say(&self, repeat: u32) -> bool {
        let none = BTreeMap::new();
        let rows = self.record.rows.get(&repeat).unwrap_or(&none);
        if !self.order.prompts.iter().all(|(stem, _)| rows.contains_key(stem)) {
            return true;
        }
        let count = |is_failed| rows.values().filter(|row| row.is_failed() == is_failed).count();
        let done = RepeatDone {
            repeat,
            generated: u32::try_from(count(false)).unwrap_or(u32::MAX),
            failed: u32::try_from(count(true)).unwrap_or(u32::MAX),
            seconds: self.record.spent.get(&repeat).copied().unwrap_or(0.0),
        };
        let mut pause = Duration::from_secs(1);
        while !self.stop.is_set() {
            if self.sink.repeat_done(done.clone()).await.is_ok() {
                return true;
            }
            self.wait(pause).await;
            pause = (pause * 2).min(Duration::from_secs(60));
        }
        false
    }

    /// Waits; false when the stop came.
    async fn wait(&self, time: Duration) -> bool {
        let mut left = time;
        while !left.is_zero() && !self.stop.is_set() {
            let part = left.min(LOOK);
            tokio::time::sleep(part).await;
            left -= part;
        }
        !self.stop.is_set()
    }

    /// Pods of this order that an earlier process left.
    async fn delete_leftovers(&self) -> Result<(), String> {
        for provider in &self.providers {
            for seen in provider.list().await.map_err(|error| error.to_string())? {
                let round = self.order.round.0;
                let is_ours = seen.name.parse::<PodName>().is_ok_and(|name| {
                    name.purpose == Purpose::Round { round, who: self.who.clone() }
                        && name.instance == self.inner.instance
                });
                if is_ours {
                    let gone = delete_verified(&**provider, &seen.id, &Insistence::default()).await;
                    gone.map_err(|left| left.to_string())?;
                    lock(&self.inner.meter).gone(provider.name(), &seen.id, now_s());
                }
            }
        }
        Ok(())
    }

    fn path(&self, repeat: u32, stem: &str) -> PathBuf {
        // Stems are others' words: files have numbers.
        let number = self.order.prompts.iter().position(|(name, _)| name == stem).unwrap_or(0);
        self.folder.join("made").join(format!("generated_{repeat}")).join(format!("p{number}"))
    }

    fn write(&self) -> Result<(), String> {
        let text = serde_json::to_vec(&self.record).map_err(|error| error.to_string())?;
        write_whole(&self.folder.join("single.json"), &text)
    }

    fn statistics(&self) -> Result<Option<String>, String> {
        let all: BTreeMap<&String, &Pod> =
            self.record.pods.iter().map(|pod| (&pod.pod_id, pod)).collect();
        let mut text = serde_json::to_value(all).map_err(|error| error.to_string())?;
        for pod in text.as_object_mut().into_iter().flat_map(serde_json::Map::values_mut) {
            pod.as_object_mut().and_then(|pod| pod.remove("is_ready"));
        }
        Ok((!self.record.pods.is_empty()).then(|| text.to_string()))
    }
}

/// What came of a request.
enum Try {
    Asset(Bytes),
    Failed { reason: String, is_silent: bool },
    Ended(PodEnd),
}

fn read(path: &Path) -> Result<Option<Record>, String> {
    let text = match fs_err::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        text => text.map_err(|error| error.to_string())?,
    };
    let read = serde_json::from_slice(&text);
    read.map(Some)
        .map_err(|error| format!("{}: {error}; delete the order's folder", path.display()))
}

fn write_whole(path: &Path, content: &[u8]) -> Result<(), String> {
    let written = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        fs_err::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(content)?;
        file.as_file().sync_data()?;
        file.persist(path)?;
        Ok::<_, std::io::Error>(())
    };
    written().map_err(|error| format!("{}: {error}", path.display()))
}
