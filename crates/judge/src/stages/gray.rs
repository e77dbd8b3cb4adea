//! Stage 3: pale models without colour are lost before white, so both are shown before gray where one of them is such a model.

use image::RgbaImage;
use ledger::json::Json;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::front::VIEWS;
use super::rules::{Stages, choice_or_null};
use super::settings::Thresholds;
use super::words;
use crate::recheck::RecheckError;
use crate::vlm::interview::{Known, Lack, Reader};
use crate::vlm::pair::{Pair, Side};
use crate::vlm::question::object;
use crate::{Outage, Shown};

/// Name of the figure: for `a` and `b` [`Pixels`], or null.
pub(super) const FIGURE: &str = "gray_pixels";

/// Sampled pixels of one picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pixels {
    /// That are not background.
    foreground: u64,
    /// Of the foreground: bright and nearly without colour.
    pale: u64,
    /// Of the foreground: nearly without colour, and not dark.
    colourless: u64,
}

/// What the gray rescue came to.
#[derive(Debug)]
pub(super) struct Rescue {
    pub(super) choice: Option<Side>,
    /// A, B.
    fired: [bool; 2],
    pair: Option<Pair>,
}

impl Rescue {
    /// Looks at the pixels, and asks if either model is pale.
    pub(super) fn ask(known: &Known, stages: &Stages<'_>) -> Result<Self, Lack> {
        let limits = &stages.settings.thresholds;
        let fired = pixels(known)?.map(|pixels| pixels.is_some_and(|pixels| pixels.fires(limits)));
        if !fired.contains(&true) {
            return Ok(Self { choice: None, fired, pair: None });
        }
        let (view, seen) = VIEWS[0];
        let pictures = stages.sides.map(|side| side.gray(view));
        let pair = Pair::ask(known, &stages.orders("s3_gray", &words::front(seen), &pictures))?;
        let difference = pair.grades().map(|grades| grades.difference());
        let clear = difference.filter(|difference| difference.abs() >= limits.gray_decides);
        Ok(Self { choice: clear.map(Side::lower), fired, pair: Some(pair) })
    }

    pub(super) fn has_fired(&self) -> bool {
        self.pair.is_some()
    }

    /// For the detail.
    pub(super) fn json(&self) -> Json {
        let [a, b] = self.fired.map(Json::Bool);
        object([
            ("fired", Json::Bool(self.has_fired())),
            ("choice", choice_or_null(self.choice)),
            ("fired_a", a),
            ("fired_b", b),
            ("pair", self.pair.map_or(Json::Null, Pair::json)),
        ])
    }
}

/// Counts pixels of both sides' gray pictures.
pub(super) async fn measure(sides: [&Shown; 2], reader: &Reader<'_>) -> Result<Value, Outage> {
    let [a, b] = sides.map(|side| side.gray(VIEWS[0].0));
    let (a, b) = futures_util::future::try_join(reader.get(&a), reader.get(&b)).await?;
    let [a, b] = [a, b].map(|bytes| {
        let picture = vision::decode(&bytes?).ok()?;
        Some(Pixels::of(&picture))
    });
    Ok(json!({ "a": a, "b": b }))
}

fn pixels(known: &Known) -> Result<[Option<Pixels>; 2], Lack> {
    let figure = known.figure(FIGURE)?;
    let side = |side: &str| {
        let pixels = figure.get(side).map(Option::<Pixels>::deserialize);
        pixels.and_then(Result::ok).ok_or_else(|| {
            let message = format!("{side} is neither null nor counts of pixels");
            Lack::Sense(RecheckError::Figure { name: FIGURE.into(), message })
        })
    };
    Ok([side("a")?, side("b")?])
}

impl Pixels {
    /// Of every fourth pixel of every fourth line; alpha does not count.
    fn of(picture: &RgbaImage) -> Self {
        let mut pixels = Self::default();
        for y in (0..picture.height()).step_by(4) {
            for x in (0..picture.width()).step_by(4) {
                let [r, g, b, _] = picture.get_pixel(x, y).0;
                pixels.count([r, g, b]);
            }
        }
        pixels
    }

    fn count(&mut self, rgb: [u8; 3]) {
        /// Furthest from gray that is background still.
        const BACKGROUND: u8 = 18;
        /// A brightest channel below this is dark: it stands out before white, whatever its colour. Ours.
        const DARK: u8 = 48;
        const COLOURLESS: f64 = 0.28;
        const PALE: f64 = 0.35;
        const PALE_LUMA: f64 = 175.0;
        if rgb.iter().all(|channel| channel.abs_diff(128) <= BACKGROUND) {
            return;
        }
        self.foreground += 1;
        let [most, least] = [rgb.into_iter().max(), rgb.into_iter().min()];
        let [most, least] = [most.unwrap_or_default(), least.unwrap_or_default()];
        if most < DARK {
            return;
        }
        let saturation = f64::from(most - least) / f64::from(most);
        let [r, g, b] = rgb.map(f64::from);
        let luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
        self.colourless += u64::from(saturation < COLOURLESS);
        self.pale += u64::from(luma > PALE_LUMA && saturation < PALE);
    }

    /// Whether such a model is lost before white.
    fn fires(self, limits: &Thresholds) -> bool {
        let share = |count: u64| count as f64 / self.foreground as f64;
        self.foreground > 0
            && share(self.pale) >= limits.gray_pale
            && share(self.colourless) >= limits.gray_colourless
    }
}

#[cfg(test)]
mod tests;
