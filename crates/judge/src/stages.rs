//! The multi-stage judge: front, three sub-judges, gray rescue, side guard.
//!
//! Each question that shows two models is asked in both orders with one seed, and answers that contradict each other say nothing.
//! What is asked next depends on answers alone, never on time; what cannot change the verdict is not asked. A verdict is a pure
//! function of the calls and two figures ([`decide`]), and the mirrored duel has the mirrored verdict where the model's answers are
//! a function of the request.

mod best;
mod front;
mod gray;
mod guard;
mod rules;
mod second;
mod settings;
mod words;

use std::sync::Arc;

use ledger::files::duels::DuelWinner;
use ledger::json::Json;

pub use settings::{Settings, Thresholds};

use crate::recheck::RecheckError;
use crate::vlm::Chat;
use crate::vlm::interview::{Interview, Memo, replay};
use crate::{Description, Duel, DuelJudge, Evidence, JudgeError, Parts, Pending, Verdict};

/// As [`Description::name`] has it.
pub const NAME: &str = "multi-stage";
/// Counts changes of questions, arithmetic and rules.
pub const VERSION: u32 = 2;

/// The multi-stage judge.
#[derive(Debug)]
pub struct MultiStage {
    settings: Settings,
    description: Description,
    chat: Arc<dyn Chat>,
    memo: Memo,
}

impl MultiStage {
    /// A judge that asks `chat`.
    #[must_use]
    pub fn new(settings: Settings, chat: Arc<dyn Chat>) -> Self {
        let description = Description {
            name: NAME.to_owned(),
            version: VERSION,
            model: Some(settings.model.full_name()),
            settings: settings.to_json(),
        };
        Self { settings, description, chat, memo: Memo::default() }
    }
}

impl DuelJudge for MultiStage {
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
            let rules = rules::Stages { settings: &self.settings, duel, sides: [left, right] };
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
    let settings = Settings::of_json(&judge.settings)?;
    let duel = &evidence.duel;
    let (Some(left), Some(right)) = (&duel.left, &duel.right) else {
        return Err(RecheckError::NoVerdict("a side has no pictures".into()));
    };
    let rules = rules::Stages { settings: &settings, duel, sides: [left, right] };
    replay(evidence, &settings.model, &rules)
}
