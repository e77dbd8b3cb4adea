//! The judge of the earlier eras: one question about two sheets of four views, in both orders.
//!
//! Its rule is the original's: the lower mean penalty wins, and a difference up to one is a draw. Ours are retries of malformed
//! answers, and outages that are no draws.

use std::sync::Arc;

use ledger::files::duels::DuelWinner;
use ledger::json::Json;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::matches::silence::{PROMPT_UNANSWERABLE, counted};
use crate::recheck::RecheckError;
use crate::vlm::control::{self, Control};
use crate::vlm::interview::{Interview, Known, Lack, Memo, Outcomes, Reader, Rules, replay};
use crate::vlm::pair::{PENALTIES, Pair, SCALE, Side, orders};
use crate::vlm::schema::Answer;
use crate::vlm::{Chat, Model, PicturesBy};
use crate::{
    Description, Duel, DuelJudge, Evidence, JudgeError, Outage, Parts, Pending, Shown, Verdict,
};

/// As [`Description::name`] has it.
pub const NAME: &str = "single-question";
/// Counts changes of questions, arithmetic and rules.
pub const VERSION: u32 = 2;

/// The original's name of the question.
const KIND: &str = "judge";

/// Settings of the single-question judge: all of them are part of its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Who is asked.
    #[serde(deserialize_with = "model_of")]
    pub model: Model,
    /// A difference of mean penalties up to this is a draw.
    pub draw: f64,
    /// Whether two orders that contradict each other are a draw, whatever their means. In the earlier eras they were not.
    pub contradictions_draw: bool,
}

/// The model of the earlier eras.
fn default_model() -> Model {
    Model { name: "zai-org/GLM-4.1V-9B-Thinking".into(), ..Model::default() }
}

/// A model of which what is left out is that of the earlier eras.
fn model_of<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Model, D::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Given {
        name: Option<String>,
        revision: Option<String>,
        server: Option<String>,
        pictures: Option<PicturesBy>,
    }
    let given = Given::deserialize(deserializer)?;
    let default = default_model();
    Ok(Model {
        name: given.name.unwrap_or(default.name),
        revision: given.revision,
        server: given.server,
        pictures: given.pictures.unwrap_or(default.pictures),
    })
}

impl Default for Settings {
    fn default() -> Self {
        Self { model: default_model(), draw: 1.0, contradictions_draw: false }
    }
}

/// The single-question judge.
#[derive(Debug)]
pub struct SingleQuestion {
    settings: Settings,
    description: Description,
    chat: Arc<dyn Chat>,
    memo: Memo,
}

impl SingleQuestion {
    /// A judge that asks `chat`.
    #[must_use]
    pub fn new(settings: Settings, chat: Arc<dyn Chat>) -> Self {
        let values = serde_json::to_value(&settings);
        let description = Description {
            name: NAME.to_owned(),
            version: VERSION,
            model: Some(settings.model.full_name()),
            settings: values.unwrap_or_else(|_| unreachable!("text and numbers")),
        };
        Self { settings, description, chat, memo: Memo::default() }
    }
}

impl DuelJudge for SingleQuestion {
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
            let rules = Sheets { settings: &self.settings, duel, sides: [left, right] };
            let interview = Interview {
                chat: &*self.chat,
                model: &self.settings.model,
                memo: &self.memo,
                judge: &self.description,
                duel,
                parts,
            };
            interview.hold(&rules).await
        })
    }
}

/// The verdict that evidence of this judge comes to.
///
/// # Errors
///
/// [`RecheckError`].
pub fn decide(evidence: &Evidence) -> Result<(DuelWinner, Json), RecheckError> {
    let judge = &evidence.judge;
    if (judge.name.as_str(), judge.version) != (NAME, VERSION) {
        return Err(RecheckError::unknown(judge));
    }
    let settings = Settings::deserialize(&judge.settings)
        .map_err(|error| RecheckError::Settings(crate::vlm::clean(&error.to_string())))?;
    let duel = &evidence.duel;
    let (Some(left), Some(right)) = (&duel.left, &duel.right) else {
        return Err(RecheckError::NoVerdict("a side has no pictures".into()));
    };
    let rules = Sheets { settings: &settings, duel, sides: [left, right] };
    replay(evidence, &settings.model, &rules)
}

/// A duel with both sides, by the rules of this judge.
#[derive(Debug)]
struct Sheets<'a> {
    settings: &'a Settings,
    duel: &'a Duel,
    sides: [&'a Shown; 2],
}

impl Rules for Sheets<'_> {
    fn decide(&self, known: &Known) -> Result<Outcomes, Lack> {
        let ask = format!(
            "Each model is shown from four sides, on one sheet. How far is each from the object of the reference? The \
             background and the light do not matter. {SCALE} {PENALTIES}"
        );
        let (seed, sheets) = (u64::from(self.duel.seed), self.sides.map(Shown::grid));
        let orders = orders(&self.duel.prompt, seed, KIND, &ask, &sheets);
        let pair = Pair::ask(known, &orders)?;
        let mut decided_by = "single question";
        if pair.has_failed() {
            // Either these pictures, or the prompt, or the model.
            let question = |control: Control| control.of_pair(self.duel, seed, KIND, &ask);
            if control::answered(known, "this judge", question)? == Control::Plain {
                decided_by = PROMPT_UNANSWERABLE;
            }
        }
        let means = match pair {
            Pair::Contradictory(means) if !self.settings.contradictions_draw => Some(means),
            pair => pair.grades(),
        };
        let difference = means.map(|means| means.difference());
        let winner = match difference.filter(|difference| difference.abs() > self.settings.draw) {
            Some(difference) if Side::lower(difference) == Side::A => DuelWinner::Left,
            Some(_) => DuelWinner::Right,
            None => DuelWinner::Draw,
        };
        let remark = match known.answer(&orders[0])? {
            Some(Answer::Penalties(_, remark)) => remark,
            _ => String::new(),
        };
        let mut detail = pair.json();
        if let Json::Object(members) = &mut detail {
            members.insert("decided_by".into(), decided_by.into());
            members.insert("issues".into(), Json::String(remark));
            members.insert("questions".into(), counted(known));
        }
        Ok((winner, detail))
    }

    fn measure<'a>(
        &'a self,
        name: &'static str,
        _: &'a Reader<'a>,
    ) -> Pending<'a, Result<Value, Outage>> {
        unreachable!("{name} is no figure of this judge")
    }
}
