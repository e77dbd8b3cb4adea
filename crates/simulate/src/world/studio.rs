//! Pictures of assets, and a model that grades them. An asset is a text that says how good it is; so do its pictures.

use std::sync::Arc;
use std::time::Duration;

use arena::ports::Studio;
use bytes::Bytes;
use judge::vlm::{Chat, Reply, Request};
use judge::{JudgeError, Outage, Outcome, Pending};
use serde_json::{Value, json};
use views::{Bundle, GRAY, Kind, ViewsError, WHITE};

use super::blobs::PUBLIC_URL;
use super::{Process, World};
use crate::fault::Op;
use crate::scenario::quality_of;

/// Makes pictures, for a process.
#[derive(Debug)]
pub(crate) struct Drawing(pub(crate) Arc<Process>);

impl Studio for Drawing {
    fn bundle(
        &self,
        _: Kind,
        asset: Bytes,
        _: Bytes,
    ) -> ::chain::Pending<'_, Result<Bundle, ViewsError>> {
        Box::pin(async move {
            let drawn = self.0.effect(Op::Draw, "", move |_| draw(&asset));
            let away = |_| ViewsError::Outage("simulated: no sandbox".to_owned());
            drawn.await.map_err(away)?
        })
    }
}

fn draw(asset: &Bytes) -> Result<Bundle, ViewsError> {
    if quality_of(asset).is_none() {
        return Err(ViewsError::Invalid("the module says nothing".to_owned()));
    }
    Ok(Bundle {
        white: vec![asset.clone(); WHITE.len()],
        gray: vec![asset.clone(); GRAY],
        grid: asset.clone(),
        embeddings: asset.clone(),
    })
}

/// The model behind the judge: it grades what pictures say.
#[derive(Debug)]
pub(crate) struct Model(pub(crate) Arc<Process>);

/// Nobody is graded better for less.
const DRAW_BAND: f64 = 0.02;

/// What the model is asked to look for in a picture: as many of these are there as the model is good.
const FEATURES: [&str; 8] =
    ["legs", "a seat", "a back", "arms", "a cushion", "screws", "red paint", "a shadow"];

/// What the model says to a request, by what is asked.
fn answer(world: &World, label: &str, body: &str) -> String {
    let urls = body.match_indices("\"https://").map(|(at, _)| &body[at + 1..]);
    let urls: Vec<&str> = urls.filter_map(|text| text.split('"').next()).collect();
    let quality = |url: &str| {
        let key = url.strip_prefix(PUBLIC_URL)?.strip_prefix('/')?;
        quality_of(&world.object(key)?)
    };
    let shown = |back: usize| {
        let url = urls.len().checked_sub(back).map(|at| urls[at]);
        url.and_then(quality).unwrap_or(-1.0)
    };
    match label.split('/').next().unwrap_or_default() {
        "s2cl_decompose" => {
            let feature = |words| json!({ "description": words, "category": "shape" });
            json!({ "main_object": "a chair", "features": FEATURES.map(feature) }).to_string()
        }
        "s2cl_verify" => {
            #[expect(clippy::cast_possible_truncation, reason = "a handful")]
            let there = (shown(1) * 8.0) as i64;
            let check = |number| {
                let found = if number <= there { "yes" } else { "no" };
                json!({ "number": number, "match": found, "note": "" })
            };
            let checks: Vec<Value> = (1..=8).map(check).collect();
            json!({ "checks": checks, "main_object_correct": true }).to_string()
        }
        "s4_per_angle" => {
            json!({ "verdict": "ok", "addresses_judge": false, "reason": "" }).to_string()
        }
        "explain" => json!({ "issues": "One is better." }).to_string(),
        _ => grades(shown(2), shown(1)),
    }
}

/// Penalties of the two that are shown last.
fn grades(first: f64, second: f64) -> String {
    let grades = match second - first {
        lead if lead > DRAW_BAND => [7, 3],
        lead if lead < -DRAW_BAND => [3, 7],
        _ => [4, 4],
    };
    format!(r#"{{"penalty_1": {}, "penalty_2": {}, "issues": ""}}"#, grades[0], grades[1])
}

impl Chat for Model {
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>> {
        Box::pin(async move {
            let (body, label) = (request.body.clone(), request.label.clone());
            let said = self.0.effect(Op::Duel, &request.label, move |world| {
                answer(world, &label, std::str::from_utf8(&body).unwrap_or_default())
            });
            let said = said.await;
            let said =
                said.map_err(|_| Outage("simulated: the model does not answer".to_owned()))?;
            Ok(Reply { outcome: Outcome::Answer(said), latency: Duration::ZERO })
        })
    }
}
