//! The view of each model that is most like the prompt, by descriptors that lie beside the pictures.
//!
//! Similarities are kept in whole millionths: what is written as evidence is what is decided by, to the last digit.

use serde_json::{Value, json};

use crate::recheck::RecheckError;
use crate::vlm::interview::{Known, Lack, Reader};
use crate::{Outage, Shown};

/// Name of the figure: for `a` and `b` an array of `[view, similarity in millionths]`, or null.
pub(super) const FIGURE: &str = "similarities";

/// Views before white, in the order in which the first of equals is picked.
const VIEWS: [&str; 8] = [
    "front_left",
    "front_right",
    "front_below",
    "front_above",
    "right",
    "back",
    "left",
    "top_down",
];

/// Reads both sides' descriptors.
pub(super) async fn measure(sides: [&Shown; 2], reader: &Reader<'_>) -> Result<Value, Outage> {
    let [a, b] = sides.map(Shown::embeddings);
    let (a, b) = futures_util::future::try_join(reader.get(&a), reader.get(&b)).await?;
    let [a, b] = [a, b].map(|bytes| bytes.and_then(|bytes| similarities(&bytes)));
    Ok(json!({ "a": a, "b": b }))
}

/// Of each view to the prompt, in the order of [`VIEWS`]. Nothing if the file is none, or lacks what is needed.
fn similarities(npz: &[u8]) -> Option<Vec<(&'static str, i64)>> {
    let arrays = vision::descriptor::npz::read(npz).ok()?;
    let array = |name: &str| arrays.iter().find(|(own, _)| own == name).map(|(_, array)| array);
    let prompt = array("prompt")?;
    let views = VIEWS.iter().filter_map(|view| {
        let other = array(&format!("view_{view}"))?;
        if other.len() != prompt.len() {
            return Some(None);
        }
        let products = prompt.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b));
        let similarity = products.sum::<f64>();
        // Descriptors have length 1; what is far beyond is none.
        Some((similarity.abs() <= 2.0).then(|| (*view, (similarity * 1e6).round() as i64)))
    });
    let views: Vec<_> = views.collect::<Option<_>>()?;
    (!views.is_empty()).then_some(views)
}

/// The best view of both sides, A and B; nothing if a side has no descriptors.
pub(super) fn picked(known: &Known) -> Result<Option<[&'static str; 2]>, Lack> {
    let figure = known.figure(FIGURE)?;
    let side = |side: &str| match figure.get(side) {
        Some(Value::Null) => Ok(None),
        Some(views) => best(views).map(Some).ok_or_else(|| wrong(side)),
        None => Err(wrong(side)),
    };
    Ok(side("a")?.zip(side("b")?).map(|(a, b)| [a, b]))
}

fn best(views: &Value) -> Option<&'static str> {
    let mut best: Option<(&'static str, i64)> = None;
    for view in views.as_array()? {
        let (name, similarity) = (view.get(0)?.as_str()?, view.get(1)?.as_i64()?);
        let name = VIEWS.iter().find(|known| **known == name)?;
        if best.is_none_or(|(_, most)| similarity > most) {
            best = Some((name, similarity));
        }
    }
    best.map(|(name, _)| name)
}

fn wrong(side: &str) -> Lack {
    let message = format!("{side} is neither null nor views with similarities in millionths");
    Lack::Sense(RecheckError::Figure { name: FIGURE.into(), message })
}
