//! Pictures of assets, and a model that grades them. An asset is a text that says how good it is; so do its pictures.

use std::sync::Arc;
use std::time::Duration;

use arena::ports::Studio;
use bytes::Bytes;
use judge::vlm::{Chat, Reply, Request};
use judge::{JudgeError, Outage, Outcome, Pending};
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

/// What the model says to a request: it is shown a reference and two sheets, by their URLs.
fn grade(world: &World, body: &str) -> String {
    let begins = body.match_indices("\"https://").map(|(at, _)| &body[at + 1..]);
    let urls: Vec<&str> = begins.filter_map(|text| text.split('"').next()).collect();
    let quality = |url: &str| {
        let key = url.strip_prefix(PUBLIC_URL)?.strip_prefix('/')?;
        quality_of(&world.object(key)?)
    };
    let shown = |back: usize| urls.len().checked_sub(back).and_then(|at| quality(urls[at]));
    let (first, second) = (shown(2).unwrap_or(-1.0), shown(1).unwrap_or(-1.0));
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
            let body = request.body.clone();
            let answer = self.0.effect(Op::Duel, &request.label, move |world| {
                grade(world, std::str::from_utf8(&body).unwrap_or_default())
            });
            let answer = answer.await;
            let answer =
                answer.map_err(|_| Outage("simulated: the model does not answer".to_owned()))?;
            Ok(Reply { outcome: Outcome::Answer(answer), latency: Duration::ZERO })
        })
    }
}
