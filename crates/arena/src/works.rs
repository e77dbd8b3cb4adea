//! Carries orders out on pods: sessions of [`fleet::session`], each with its journal in a folder.
//!
//! ```text
//! FOLDER/round-7/5Hot…/session-0.jsonl          what was observed of the first session; session-1 follows one that was stopped
//! FOLDER/round-7/5Hot…/made/generated_1/…       modules, until they are stored elsewhere
//! FOLDER/round-7/5Hot…/single.json              of splats and meshes: what was made and spent, instead of sessions
//! FOLDER/cost.json                              what every pod cost
//! ```
//!
//! Results are handed on while the next batch is being made, and a pod is deleted as soon as it is of no more use: drawing and
//! storing cost no pod's time. What was handed on is handed on again after a crash; who takes it knows.

mod alarm;
mod forward;
mod meter;
mod order;
mod single;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use chain::Pending;
use fleet::cost::Caps;
use fleet::names::Instance;
use fleet::provider::Provider;
use fleet::session::Limits;
use pod::client::BatchLimits;
use serde::Deserialize;

use self::meter::Meter;
use crate::ports::{Keep, Order, OrderEnd, Sink, Stop, Web, Works};

/// Settings; times in seconds.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where journals and results are kept.
    pub folder: PathBuf,
    /// What `{builds}` in an image stands for: see [`crate::builds`].
    pub builds: PathBuf,
    /// What `{crucible}` in an image stands for.
    pub program: PathBuf,
    /// Pods of all orders at once. An order without a pod takes no place.
    pub pods_max: usize,
    /// GPU of a pod; nothing where pods need none.
    pub gpu_type: Option<String>,
    /// How many of them.
    pub gpu_count: u32,
    /// Environment of pods; no secrets, they are the miners'.
    pub env: BTreeMap<String, String>,
    /// Limits of a session.
    pub limits: Limits,
    /// Modules of one order that are handed on at the same time.
    pub forward_max: usize,
}

impl Default for Settings {
    /// The original's: at most four pods, of four H200 each.
    fn default() -> Self {
        Self {
            folder: PathBuf::from("works"),
            builds: PathBuf::from("builds"),
            program: PathBuf::from("crucible"),
            pods_max: 4,
            gpu_type: Some("H200".to_owned()),
            gpu_count: 4,
            env: BTreeMap::new(),
            limits: Limits::default(),
            forward_max: 4,
        }
    }
}

/// Carries orders out on a fleet of providers. Clones share pods, places and costs.
#[derive(Debug, Clone)]
pub struct Fleet {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    /// By name, behind the meter.
    providers: BTreeMap<String, Arc<dyn Provider>>,
    /// In the order in which they are asked.
    names: Vec<String>,
    instance: Instance,
    meter: Arc<Mutex<Meter>>,
    /// Limits of calls to pods.
    client: BatchLimits,
    /// Where pictures come from that are sent to pods of splats and meshes.
    web: Option<Arc<dyn Web>>,
}

impl Fleet {
    /// On these providers, with their instance and caps.
    ///
    /// # Errors
    ///
    /// In words: the folder cannot be used.
    pub fn new(settings: Settings, fleet: &fleet::providers::Fleet) -> Result<Self, String> {
        Self::with_web(settings, fleet, None)
    }

    /// As [`Fleet::new`], also for orders of splats and meshes: their pods are sent pictures, which come from this web.
    ///
    /// # Errors
    ///
    /// As [`Fleet::new`].
    pub fn with_web(
        settings: Settings,
        fleet: &fleet::providers::Fleet,
        web: Option<Arc<dyn Web>>,
    ) -> Result<Self, String> {
        fs_err::create_dir_all(&settings.folder).map_err(|error| error.to_string())?;
        let caps: Caps = fleet.caps;
        let meter = Meter::open(settings.folder.join("cost.json"), caps, settings.pods_max)?;
        let meter = Arc::new(Mutex::new(meter));
        let each = fleet.providers().iter();
        let providers = each.map(|one| (one.name().to_owned(), Arc::clone(one)));
        Ok(Self {
            inner: Arc::new(Inner {
                providers: providers.collect(),
                names: fleet.names().into_iter().map(str::to_owned).collect(),
                instance: fleet.instance.clone(),
                meter,
                settings,
                client: BatchLimits::default(),
                web,
            }),
        })
    }
}

impl Works for Fleet {
    fn run<'a>(
        &'a self,
        order: &'a Order,
        sink: &'a dyn Sink,
        stop: &'a Stop,
    ) -> Pending<'a, Result<(OrderEnd, Option<String>), String>> {
        Box::pin(order::run(&self.inner, order, sink, stop))
    }

    /// Sessions that no process finished and nobody takes up are stopped, so that their pods go; folders of rounds that are not
    /// kept are removed. Then pods of this instance that no session knows are deleted.
    fn clear(&self, keep: Keep) -> Pending<'_, Result<(), String>> {
        Box::pin(order::clear(&self.inner, keep))
    }
}
