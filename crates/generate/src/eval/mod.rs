//! How good a generator is: its assets against ground truth, from eight sides, beside two baselines.
//!
//! For each truth a prompt picture is drawn from the front; every [`Candidate`] makes an asset of it; asset and truth
//! are drawn from the 8 white views and compared. Nothing is aligned but the convention: the truth is moved and scaled
//! so that the box of its splat centres is centred and its largest side is 1, and candidates have to deliver that.
//!
//! No clock and no files: the same truths and candidates give the same report, byte for byte.

mod baseline;
mod candidate;
mod prompt;
mod score;
mod table;

use asset::Splats;
use image::RgbaImage;
use render::{Background, Frame, View};
use serde::Serialize;

use crate::truth::{Class, Kind, Sampling};
pub use baseline::{Billboard, Inflated};
pub use candidate::{BuiltIn, Candidate, CandidateError, Oracle};
pub use prompt::{Backdrop, prompt_picture};
pub use score::{PSNR_CAP_DB, Score};

/// A ground-truth asset.
#[derive(Debug, Clone)]
pub struct Truth {
    /// Name in the report; a file stem or the name of a kind.
    pub name: String,
    /// Group in the report, where known.
    pub class: Option<Class>,
    /// The asset, anywhere and of any size; it is normalised here.
    pub splats: Splats,
}

/// The objects that the project ships, one of each kind.
pub fn built_in_truths(seed: u64) -> impl ExactSizeIterator<Item = Truth> {
    Kind::ALL.into_iter().map(move |kind| Truth {
        name: kind.name.to_owned(),
        class: Some(kind.class),
        splats: kind.splats(seed, Sampling::default()),
    })
}

/// What is drawn, and how large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Settings {
    /// Side of the prompt picture, pixels; at most [`Self::SIZE_PX_MAX`].
    pub prompt_px: u32,
    /// Side of the compared views, pixels; at most [`Self::SIZE_PX_MAX`].
    pub view_px: u32,
    /// What is behind the object in the prompt picture.
    pub backdrop: Backdrop,
}

impl Settings {
    /// Largest picture drawn.
    pub const SIZE_PX_MAX: u32 = 4096;
    /// Smallest picture drawn: what SSIM needs, and a little more.
    pub const SIZE_PX_MIN: u32 = 32;
}

impl Default for Settings {
    fn default() -> Self {
        Self { prompt_px: 1024, view_px: 256, backdrop: Backdrop::Transparent }
    }
}

/// Looks on. Every method has a default that does nothing.
pub trait EvalObserver {
    /// Work on an object by a candidate begins; `truth_idx` counts from 0 to `n_truths`.
    fn started(&mut self, truth_idx: usize, n_truths: usize, truth: &str, candidate: &str) {
        let _ = (truth_idx, n_truths, truth, candidate);
    }

    /// A candidate's asset has been made (not yet compared).
    fn made(&mut self, truth: &str, candidate: &str, splats: &Splats) {
        let _ = (truth, candidate, splats);
    }

    /// Whether [`Self::views`] and [`Self::prompt`] are worth calling.
    fn wants_pictures(&self) -> bool {
        false
    }

    /// The prompt picture of an object.
    fn prompt(&mut self, truth: &str, picture: &RgbaImage) {
        let _ = (truth, picture);
    }

    /// The 8 white views of an object by a candidate, or of the truth itself (`candidate` is `truth`).
    fn views(&mut self, truth: &str, candidate: &str, views: &[RgbaImage]) {
        let _ = (truth, candidate, views);
    }

    /// True to stop: [`evaluate`] returns [`EvalError::Stopped`] at the next step.
    fn should_stop(&mut self) -> bool {
        false
    }
}

impl EvalObserver for crate::Unobserved {}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvalError {
    /// No object to measure on.
    #[error("no ground-truth asset was given")]
    NoTruth,
    /// A truth that shows nothing.
    #[error("truth {name}: {problem}")]
    Truth {
        /// Its name.
        name: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A picture size that we do not draw.
    #[error("{field}: {found} pixels, between {min} and {max} are possible", min = Settings::SIZE_PX_MIN, max = Settings::SIZE_PX_MAX)]
    Size {
        /// Field of [`Settings`].
        field: &'static str,
        /// Its value.
        found: u32,
    },
    /// The observer asked to stop.
    #[error("stopped at truth {name}")]
    Stopped {
        /// The object being worked on.
        name: String,
    },
}

/// Everything that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EvalReport {
    /// What was drawn.
    pub settings: Settings,
    /// Names of the views, in the order of [`AssetScore::views`].
    pub views: [&'static str; 8],
    /// One for each truth, in order.
    pub objects: Vec<ObjectReport>,
    /// Means over all objects, one for each candidate in order.
    pub means: Vec<CandidateMean>,
    /// The same by class, for truths that have one, in the order of [`Class`].
    pub class_means: Vec<ClassMean>,
}

/// What was measured on one truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ObjectReport {
    /// Name of the truth.
    pub name: String,
    /// Its class, where known.
    pub class: Option<Class>,
    /// One for each candidate in order.
    pub candidates: Vec<AssetScore>,
}

/// One candidate's asset against one truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssetScore {
    /// Name of the candidate.
    pub candidate: String,
    /// Why it made nothing, if so; then an empty asset is what was compared.
    pub failure: Option<String>,
    /// Number of splats of its asset.
    pub splat_count: usize,
    /// Mean over the views.
    pub mean: Score,
    /// By view.
    pub views: [Score; 8],
}

/// A candidate's mean over objects.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CandidateMean {
    /// Name of the candidate.
    pub candidate: String,
    /// Objects it made nothing of.
    pub n_failures: usize,
    /// Mean over objects of the mean over views.
    pub mean: Score,
    /// Mean over objects, by view.
    pub views: [Score; 8],
}

/// Means over the objects of a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassMean {
    /// The class.
    pub class: Class,
    /// Objects in it.
    pub n_objects: usize,
    /// One for each candidate in order.
    pub candidates: Vec<CandidateMean>,
}

/// Measures candidates on truths.
///
/// A candidate that fails on an object is compared as an empty asset there, so failing is never worth it.
///
/// # Errors
/// No truth, a truth that shows nothing from the front, a picture size out of bounds, or a stop.
pub fn evaluate(
    truths: impl ExactSizeIterator<Item = Truth>,
    candidates: &mut [&mut dyn Candidate],
    settings: Settings,
    observer: &mut dyn EvalObserver,
) -> Result<EvalReport, EvalError> {
    for (field, found) in [("prompt_px", settings.prompt_px), ("view_px", settings.view_px)] {
        if !(Settings::SIZE_PX_MIN..=Settings::SIZE_PX_MAX).contains(&found) {
            return Err(EvalError::Size { field, found });
        }
    }
    let n_truths = truths.len();
    if n_truths == 0 {
        return Err(EvalError::NoTruth);
    }
    let mut objects = Vec::with_capacity(n_truths);
    for (truth_idx, truth) in truths.enumerate() {
        let broken = |problem| EvalError::Truth { name: truth.name.clone(), problem };
        let splats = centred_unit(&truth.splats).ok_or_else(|| broken("no finite extent"))?;
        let prompt = prompt_picture(&splats, settings.prompt_px, settings.backdrop)
            .ok_or_else(|| broken("nothing is seen from the front"))?;
        let expected = score::white_frames(&splats, settings.view_px);
        if observer.wants_pictures() {
            observer.prompt(&truth.name, &prompt);
            observer.views(&truth.name, "truth", &on_white(&expected));
        }
        let mut scores = Vec::with_capacity(candidates.len());
        for candidate in candidates.iter_mut() {
            let name = candidate.name().to_owned();
            let stopped = || EvalError::Stopped { name: truth.name.clone() };
            if observer.should_stop() {
                return Err(stopped());
            }
            observer.started(truth_idx, n_truths, &truth.name, &name);
            candidate.show_truth(&splats);
            let (made, failure) = match candidate.make(&prompt, &mut || observer.should_stop()) {
                Ok(made) => (made, None),
                Err(CandidateError::Stopped) => return Err(stopped()),
                Err(CandidateError::Failed(reason)) => (Splats::default(), Some(reason)),
            };
            observer.made(&truth.name, &name, &made);
            let found = score::white_frames(&made, settings.view_px);
            if observer.wants_pictures() {
                observer.views(&truth.name, &name, &on_white(&found));
            }
            let views: [Score; 8] =
                std::array::from_fn(|idx| Score::of(&found[idx], &expected[idx]));
            let mean = Score::mean(&views);
            scores.push(AssetScore {
                candidate: name,
                failure,
                splat_count: made.len(),
                mean,
                views,
            });
        }
        objects.push(ObjectReport { name: truth.name, class: truth.class, candidates: scores });
    }
    Ok(report(settings, objects))
}

fn report(settings: Settings, objects: Vec<ObjectReport>) -> EvalReport {
    let all: Vec<&ObjectReport> = objects.iter().collect();
    let means = candidate_means(&all);
    let mut classes: Vec<Class> = objects.iter().filter_map(|object| object.class).collect();
    classes.sort_unstable();
    classes.dedup();
    let class_means = classes
        .into_iter()
        .map(|class| {
            let members: Vec<&ObjectReport> =
                objects.iter().filter(|object| object.class == Some(class)).collect();
            ClassMean { class, n_objects: members.len(), candidates: candidate_means(&members) }
        })
        .collect();
    EvalReport { settings, views: View::WHITE.map(|named| named.name), objects, means, class_means }
}

fn candidate_means(objects: &[&ObjectReport]) -> Vec<CandidateMean> {
    let n_candidates = objects.first().map_or(0, |object| object.candidates.len());
    (0..n_candidates)
        .map(|idx| {
            let scores: Vec<&AssetScore> =
                objects.iter().map(|object| &object.candidates[idx]).collect();
            let views = std::array::from_fn(|view_idx| {
                let of_view: Vec<Score> =
                    scores.iter().map(|score| score.views[view_idx]).collect();
                Score::mean(&of_view)
            });
            CandidateMean {
                candidate: scores[0].candidate.clone(),
                n_failures: scores.iter().filter(|score| score.failure.is_some()).count(),
                mean: Score::mean(&views),
                views,
            }
        })
        .collect()
}

/// Moves and scales an asset so that the box of its splat centres is centred and its largest side is 1. `None` when
/// there is no splat, a centre is not finite, or all are at one point.
#[must_use]
pub fn centred_unit(splats: &Splats) -> Option<Splats> {
    let mut parts = splats.parts().clone();
    let (mut low, mut high) = ([f32::INFINITY; 3], [f32::NEG_INFINITY; 3]);
    for position in &parts.positions {
        for axis in 0..3 {
            if !position[axis].is_finite() {
                return None;
            }
            low[axis] = low[axis].min(position[axis]);
            high[axis] = high[axis].max(position[axis]);
        }
    }
    let extent = (0..3).map(|axis| high[axis] - low[axis]).fold(f32::NEG_INFINITY, f32::max);
    if !(extent.is_finite() && extent > 0.0) {
        return None;
    }
    for position in &mut parts.positions {
        for axis in 0..3 {
            position[axis] = (position[axis] - (low[axis] + high[axis]) * 0.5) / extent;
        }
    }
    let grow = libm::logf(extent);
    for log_scale in parts.log_scales.iter_mut().flatten() {
        *log_scale -= grow;
    }
    Splats::new(parts).ok()
}

fn on_white(frames: &[Frame]) -> Vec<RgbaImage> {
    frames.iter().map(|frame| frame.over(Background::WHITE)).collect()
}

#[cfg(test)]
mod tests;
