//! Pictures of assets, and a judge who looks at them. An asset is a text that says how good it is; so do its pictures.

use std::collections::BTreeMap;
use std::sync::Arc;

use arena::ports::Studio;
use bytes::Bytes;
use judge::{
    Call, Description, Duel, DuelJudge, Evidence, JudgeError, Outage, Outcome, Parts, Pending,
    Shown, Verdict,
};
use ledger::files::duels::DuelWinner;
use sha2::{Digest as _, Sha256};
use views::{Bundle, GRAY, Kind, ViewsError, WHITE};

use super::Process;
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

/// Judges by what pictures say.
#[derive(Debug)]
pub(crate) struct Referee(pub(crate) Arc<Process>);

/// Nobody wins by less.
const DRAW_BAND: f64 = 0.02;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Referee {
    async fn look(
        &self,
        shown: Option<&Shown>,
        parts: &Parts<'_>,
        inputs: &mut BTreeMap<String, String>,
    ) -> Result<Option<f64>, JudgeError> {
        let Some(shown) = shown else { return Ok(None) };
        let url = shown.grid();
        let Some(picture) = parts.pictures.get(&url).await? else { return Ok(None) };
        inputs.insert(url, hex(&picture));
        Ok(quality_of(&picture))
    }

    async fn ask(&self, duel: &Duel, parts: Parts<'_>) -> Result<(f64, f64, Evidence), JudgeError> {
        if let Some(earlier) = parts.earlier
            && let Some(Outcome::Answer(text)) = earlier.calls.first().map(|call| &call.outcome)
            && let Some((left, right)) = text.split_once(' ')
            && let (Ok(left), Ok(right)) = (left.parse(), right.parse())
        {
            return Ok((left, right, earlier.clone()));
        }
        let place = parts.budget.take().await;
        let mut inputs = BTreeMap::new();
        let left = self.look(duel.left.as_ref(), &parts, &mut inputs).await?;
        let right = self.look(duel.right.as_ref(), &parts, &mut inputs).await?;
        let fine = self.0.effect(Op::Duel, &duel.stem, |_| ()).await;
        drop(place);
        fine.map_err(|_| Outage("simulated: the model does not answer".to_owned()))?;
        let (left, right) = (left.unwrap_or(-1.0), right.unwrap_or(-1.0));
        let call = Call {
            label: "look".to_owned(),
            attempt: 0,
            request_sha256: hex(duel.stem.as_bytes()),
            outcome: Outcome::Answer(format!("{left} {right}")),
            latency_ms: 0,
        };
        let evidence = Evidence {
            judge: self.describe(),
            duel: duel.clone(),
            inputs,
            calls: vec![call],
            figures: serde_json::Value::Null,
        };
        Ok((left, right, evidence))
    }
}

impl DuelJudge for Referee {
    fn describe(&self) -> Description {
        Description {
            name: "simulated".to_owned(),
            version: 1,
            model: None,
            settings: serde_json::Value::Null,
        }
    }

    fn judge<'a>(
        &'a self,
        duel: &'a Duel,
        parts: Parts<'a>,
    ) -> Pending<'a, Result<Verdict, JudgeError>> {
        Box::pin(async move {
            let (left, right, evidence) = self.ask(duel, parts).await?;
            let winner = match right - left {
                lead if lead > DRAW_BAND => DuelWinner::Right,
                lead if lead < -DRAW_BAND => DuelWinner::Left,
                _ => DuelWinner::Draw,
            };
            let detail = ledger::json::Json::Object(ledger::json::Object::new());
            Ok(Verdict { winner, detail, evidence: Some(evidence) })
        })
    }
}
