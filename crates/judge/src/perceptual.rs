//! A judge without a model: pictures compared as eyes would.
//!
//! Both sides are compared with the prompt on their own, by the same figures; then whoever is nearer wins, unless the difference is
//! within the draw band. So left and right are treated exactly alike, and any two duels about the same assets agree.
//! - The prompt's object is cut out, and laid in a frame of its own ([`measure()`]).
//! - The four views from the front are laid over it as well as a shift and a scale can do: where the object is in the picture, and
//!   how large, does not count. How it is turned does, beyond the 30° between the views.
//! - Outline, colours, light, colours at places, edges, and detail are compared, and the descriptors that the bundle brings; loose
//!   parts and soft edges that the prompt has not count too.
//! - The views from the sides show whether there is a body behind the front.
//!
//! Pictures and arithmetic, thresholds, how they were found, and where this judge errs are told in `docs/perceptual-judge.md`.

mod colour;
mod decide;
mod features;
mod frame;
mod hull;
mod layer;
mod measure;

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

pub use decide::decide;
pub use measure::{FEATURES, Figures, Files, Ready, Seen, SideFigures, UNIT, measure};

use crate::{
    Description, Duel, DuelJudge, Evidence, JudgeError, Outage, Parts, Pending, Shown, Verdict,
};

/// As [`Description::name`] has it.
pub const NAME: &str = "perceptual";
/// Counts changes of figures, weights and rules.
pub const VERSION: u32 = 3;
/// Views before white, in their order.
pub const WHITE: [&str; 8] = [
    "front_left",
    "front_right",
    "front_below",
    "front_above",
    "right",
    "back",
    "left",
    "top_down",
];
/// How many of [`WHITE`], from the first, show the front, and are there before gray too.
pub const FRONT: usize = 4;

/// Settings of the perceptual judge: all of them are part of its evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// A difference of distances up to this, in millionths, is a draw.
    pub draw_millionths: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { draw_millionths: 30_000 }
    }
}

/// The perceptual judge.
#[derive(Debug, Clone)]
pub struct Perceptual {
    description: Description,
}

impl Perceptual {
    /// With these settings.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let values = serde_json::to_value(settings);
        let description = Description {
            name: NAME.to_owned(),
            version: VERSION,
            model: None,
            settings: values.unwrap_or_else(|_| unreachable!("a number")),
        };
        Self { description }
    }

    /// The verdict on a duel whose files are at hand.
    ///
    /// # Errors
    ///
    /// [`JudgeError::Broken`], never for what files hold.
    pub fn verdict(
        &self,
        duel: &Duel,
        inputs: BTreeMap<String, String>,
        figures: &Figures,
    ) -> Result<Verdict, JudgeError> {
        let figures = serde_json::to_value(figures);
        let evidence = Evidence {
            judge: self.description.clone(),
            duel: duel.clone(),
            inputs,
            calls: Vec::new(),
            figures: figures.map_err(|error| JudgeError::Broken(error.to_string()))?,
        };
        of_evidence(evidence).map_err(JudgeError::Broken)
    }
}

impl Default for Perceptual {
    fn default() -> Self {
        Self::new(Settings::default())
    }
}

fn of_evidence(evidence: Evidence) -> Result<Verdict, String> {
    let (winner, detail) = decide(&evidence).map_err(|error| error.to_string())?;
    Ok(Verdict { winner, detail, evidence: Some(evidence) })
}

impl DuelJudge for Perceptual {
    fn describe(&self) -> Description {
        self.description.clone()
    }

    fn judge<'a>(
        &'a self,
        duel: &'a Duel,
        parts: Parts<'a>,
    ) -> Pending<'a, Result<Verdict, JudgeError>> {
        Box::pin(async move {
            let (Some(left), Some(right)) = (&duel.left, &duel.right) else {
                return Ok(duel.by_default().unwrap_or_else(|| unreachable!("a side is missing")));
            };
            let same = parts
                .earlier
                .filter(|earlier| earlier.judge == self.description && earlier.duel == *duel);
            if let Some(Ok(verdict)) = same.map(|earlier| of_evidence(earlier.clone())) {
                return Ok(verdict);
            }
            // As many duels are in memory as calls may be in flight.
            let _place = parts.budget.take().await;
            let mut inputs = BTreeMap::new();
            let prompt = read(parts, &mut inputs, vec![duel.prompt.clone()]).await?.remove(0);
            let left = files(parts, &mut inputs, left).await?;
            let right = files(parts, &mut inputs, right).await?;
            let figures = apart(move || measure(&prompt.unwrap_or_default(), [&left, &right]));
            self.verdict(duel, inputs, &figures.await?)
        })
    }
}

/// Does what takes a while on a thread that is there for it, whatever runs the future.
async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, JudgeError> {
    let (done, result) = oneshot::channel();
    rayon::spawn(move || {
        // Nobody may be waiting any more.
        done.send(work()).ok();
    });
    result.await.map_err(|_| JudgeError::Broken("measuring ended without a result".to_owned()))
}

/// Files by URL, in order, with their hashes.
async fn read(
    parts: Parts<'_>,
    inputs: &mut BTreeMap<String, String>,
    urls: Vec<String>,
) -> Result<Vec<Option<Bytes>>, Outage> {
    let files = try_join_all(urls.iter().map(|url| parts.pictures.get(url))).await?;
    for (url, file) in urls.into_iter().zip(&files) {
        if let Some(file) = file {
            inputs.insert(url, faster_hex::hex_string(&Sha256::digest(file)));
        }
    }
    Ok(files)
}

async fn files(
    parts: Parts<'_>,
    inputs: &mut BTreeMap<String, String>,
    shown: &Shown,
) -> Result<Files, Outage> {
    let white = WHITE.iter().map(|view| shown.white(view));
    let gray = WHITE[..FRONT].iter().map(|view| shown.gray(view));
    let urls = white.chain(gray).chain([shown.embeddings()]);
    let mut found = read(parts, inputs, urls.collect()).await?;
    let embeddings = found.pop().flatten();
    let gray = found.split_off(WHITE.len());
    // A file that is not there leaves the list short.
    let whole = |files: Vec<Option<Bytes>>| files.into_iter().flatten().collect();
    Ok(Files { white: whole(found), gray: whole(gray), embeddings })
}

#[cfg(test)]
mod tests;
