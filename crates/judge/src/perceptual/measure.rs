//! From the files of a duel to its figures: everything a verdict rests on, as whole millionths.

use bytes::Bytes;
use image::RgbaImage;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use vision::descriptor::{distance, npz};

use super::features::{Target, VIEW_FEATURES};
use super::layer::{Layer, Prompt};
use super::{FRONT, WHITE};

/// 1 in the unit of figures.
pub const UNIT: i64 = 1_000_000;

/// The files of one side that are looked at. A missing one makes the side count as one without views.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// Views before white, in the order of [`WHITE`]: PNG.
    pub white: Vec<Bytes>,
    /// The first [`FRONT`] of them before gray: PNG.
    pub gray: Vec<Bytes>,
    /// Descriptors of prompt and views, where there are any.
    pub embeddings: Option<Bytes>,
}

/// What was measured of a duel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figures {
    /// How the prompt was read.
    pub prompt: Seen,
    /// How much of its convex hull the prompt's object fills, millionths; 0 where it could not be cut out.
    pub convex: i64,
    /// Of the defender; nothing if its views are not whole, or the prompt is unreadable.
    pub left: Option<SideFigures>,
    /// Of the challenger.
    pub right: Option<SideFigures>,
}

/// How a prompt was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// Its object stands out from what is behind it.
    Cut,
    /// It does not: the whole picture counts as the object, and outlines are not compared.
    Whole,
    /// It is no picture.
    Unreadable,
}

/// What was measured of one side, in millionths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SideFigures {
    /// Of each front view, in the order of [`FRONT`]: the features, in the order of `FEATURES`.
    pub views: Vec<Vec<i64>>,
    /// Descriptor's distance of each front view from the prompt; empty where there are no descriptors.
    pub embedding: Vec<i64>,
    /// Covered area apart from the largest part, over the eight views, beyond that of the prompt.
    pub loose: i64,
    /// Soft edges and fog in the front views, beyond those of the prompt.
    pub soft: i64,
    /// Largest area seen from right, left and above, over the mean area seen from the front.
    pub body: i64,
    /// Whether what is before white can be told from it well enough to say how large it is.
    pub stands_out: bool,
}

/// A prompt made ready, to compare any number of assets with.
#[derive(Debug)]
pub struct Ready {
    prompt: Prompt,
    target: Target,
}

impl Ready {
    /// Cuts its object out. Nothing if it is no picture.
    #[must_use]
    pub fn new(prompt: &[u8]) -> Option<Self> {
        let prompt = Prompt::of(&vision::decode(prompt).ok()?);
        let target = Target::new(&prompt.layer);
        Some(Self { prompt, target })
    }

    /// How it was read.
    #[must_use]
    pub const fn seen(&self) -> Seen {
        if self.prompt.is_cut { Seen::Cut } else { Seen::Whole }
    }

    /// How much of its convex hull its object fills, millionths; 0 where it could not be cut out.
    #[must_use]
    pub fn convex(&self) -> i64 {
        if self.prompt.is_cut { millionths(self.target.filled()) } else { 0 }
    }

    /// The figures of one side; nothing if its views are not whole.
    #[must_use]
    pub fn side(&self, files: &Files) -> Option<SideFigures> {
        side(&self.prompt, &self.target, files)
    }
}

/// Measures a duel. The same bytes give the same figures, on any machine and any number of threads.
#[must_use]
pub fn measure(prompt: &[u8], sides: [&Files; 2]) -> Figures {
    let Some(ready) = Ready::new(prompt) else {
        return Figures { prompt: Seen::Unreadable, convex: 0, left: None, right: None };
    };
    let (mut left, mut right) = rayon::join(|| ready.side(sides[0]), || ready.side(sides[1]));
    let prompts = sides.map(|side| of_prompt(side.embeddings.as_ref()));
    // Descriptors that do not say the same of the prompt are not of one kind.
    let lengths = [&left, &right].map(|side| side.as_ref().map(|side| side.embedding.len()));
    if prompts[0] != prompts[1] || lengths[0] != lengths[1] {
        for side in [&mut left, &mut right].into_iter().flatten() {
            side.embedding.clear();
        }
    }
    Figures { prompt: ready.seen(), convex: ready.convex(), left, right }
}

fn side(prompt: &Prompt, target: &Target, files: &Files) -> Option<SideFigures> {
    if files.white.len() != WHITE.len() || files.gray.len() != FRONT {
        return None;
    }
    let decode = |png: &Bytes| vision::decode(png).ok();
    let views: Option<Vec<(Layer, Option<f64>)>> = (0..WHITE.len())
        .into_par_iter()
        .map(|view| {
            let white = decode(&files.white[view])?;
            let Some(gray) = files.gray.get(view) else {
                return Some((Layer::of_view(&white, None), None));
            };
            let gray: RgbaImage = decode(gray)?;
            let by_white = Layer::of_view(&white, None).area();
            Some((Layer::of_view(&white, Some(&gray)), Some(by_white)))
        })
        .collect();
    let views = views?;
    let front = &views[..FRONT];
    let compared =
        front.par_iter().map(|(layer, _)| target.compare(layer).map(millionths).to_vec());
    let mean =
        |values: &mut dyn Iterator<Item = f64>, count: usize| values.sum::<f64>() / count as f64;
    let area = mean(&mut front.iter().map(|(layer, _)| layer.area()), FRONT);
    let by_white = mean(&mut front.iter().filter_map(|(_, area)| *area), FRONT);
    let widest =
        views.iter().zip(WHITE).filter(|(_, name)| ["right", "left", "top_down"].contains(name));
    let widest = widest.map(|((layer, _), _)| layer.area()).fold(0.0, f64::max);
    let loose = mean(&mut views.iter().map(|(layer, _)| layer.loose()), views.len());
    let soft = mean(&mut front.iter().map(|(layer, _)| layer.softness()), FRONT);
    let beyond = |of_views: f64, of_prompt: f64| {
        if prompt.is_cut { millionths((of_views - of_prompt).max(0.0)) } else { 0 }
    };
    Some(SideFigures {
        views: compared.collect(),
        embedding: embedding(files.embeddings.as_ref()),
        loose: beyond(loose, prompt.layer.loose()),
        soft: beyond(soft, prompt.layer.softness()),
        body: if area > 0.0 { millionths(widest / area) } else { 0 },
        stands_out: by_white > 0.7 * area,
    })
}

/// A figure that is not negative, at most 10.
fn millionths(value: f64) -> i64 {
    (value.clamp(0.0, 10.0) * UNIT as f64).round() as i64
}

/// Distances of the front views' vectors from the prompt's; nothing where any is missing or of another length.
fn embedding(bytes: Option<&Bytes>) -> Vec<i64> {
    let of = || {
        let arrays = npz::read(bytes?).ok()?;
        let named = |wanted: &str| arrays.iter().find(|(name, _)| name == wanted).map(|(_, v)| v);
        let prompt = named("prompt")?;
        let view = |name: &&str| {
            let vector = named(&format!("view_{name}"))?;
            let fits = vector.len() == prompt.len() && !vector.is_empty();
            fits.then(|| millionths(distance(prompt, vector)))
        };
        WHITE[..FRONT].iter().map(view).collect::<Option<Vec<i64>>>()
    };
    of().unwrap_or_default()
}

/// Bits of the prompt's vector.
fn of_prompt(bytes: Option<&Bytes>) -> Option<Vec<u32>> {
    let arrays = npz::read(bytes?).ok()?;
    let (_, vector) = arrays.into_iter().find(|(name, _)| name == "prompt")?;
    Some(vector.into_iter().map(f32::to_bits).collect())
}

/// Features that are compared view by view.
pub const FEATURES: [&str; VIEW_FEATURES.len()] = VIEW_FEATURES;
