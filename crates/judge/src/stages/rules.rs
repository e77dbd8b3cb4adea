//! The rules of the multi-stage judge, from front to guard.

use ledger::files::duels::DuelWinner;
use ledger::json::Json;
use serde_json::Value;

use super::front::Front;
use super::gray::Rescue;
use super::guard::{Guarded, Step};
use super::second::{Second, Source};
use super::settings::Settings;
use super::{best, gray, words};
use crate::matches::silence::{PROMPT_UNANSWERABLE, counted, is_too_much};
use crate::vlm::control::Control;
use crate::vlm::interview::{Known, Lack, Outcomes, Reader, Rules};
use crate::vlm::pair::{self, FIRST, REFERENCE, SECOND, Side, choice, shown};
use crate::vlm::question::Question;
use crate::vlm::schema::{Answer, Schema};
use crate::{Duel, Outage, Pending, Shown};

/// A duel with both sides, by the rules of this judge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stages<'a> {
    pub(super) settings: &'a Settings,
    pub(super) duel: &'a Duel,
    /// A, B.
    pub(super) sides: [&'a Shown; 2],
}

impl Rules for Stages<'_> {
    fn decide(&self, known: &Known) -> Result<Outcomes, Lack> {
        let remark = self.settings.explain.then(|| self.remark());
        let front = Front::ask(known, self, remark.as_ref())?;
        let mut detail = vec![("s1", front.json())];
        if front.is_mute == Some(Control::Plain) {
            // Neither side can be compared with a picture that the model does not look at.
            self.close(known, &mut detail, remark.as_ref(), PROMPT_UNANSWERABLE.to_owned())?;
            return Ok((DuelWinner::Draw, to_json(detail)));
        }
        let mut primary = front.choice;
        let mut decided_by = "S1".to_owned();
        if primary.is_none() {
            let second = Second::ask(known, self)?;
            detail.push(("s2", second.json(&self.settings.thresholds)));
            primary = second.choice;
            decided_by = match second.source {
                Source::Strong(tag) => format!("S2 strong_voter [{tag}]"),
                Source::Consensus => "S2 consensus".to_owned(),
            };
        }
        if primary.is_none() {
            let rescue = Rescue::ask(known, self)?;
            detail.push(("s3", rescue.json()));
            primary = rescue.choice;
            let words = match (rescue.has_fired(), primary) {
                (_, Some(_)) => "S3 gray-rescue",
                (true, None) => "S3 (no clear difference) → draw",
                (false, None) => "S3 (gate did not fire) → draw",
            };
            words.clone_into(&mut decided_by);
        }
        let guarded = Guarded::ask(known, self, primary, front.is_mute.is_some())?;
        let was = primary.map_or("draw", Side::letter);
        match guarded.step {
            Step::None => {}
            Step::Down => decided_by = format!("S4 step-down (was {was})"),
            Step::Mute => decided_by = "S4 unanswerable (was draw)".to_owned(),
            Step::Unanswered => decided_by = format!("S4 unanswered (was {was})"),
        }
        detail.push(("s4", guarded.json()));
        self.close(known, &mut detail, remark.as_ref(), decided_by)?;
        let winner = match guarded.choice {
            Some(Side::A) => DuelWinner::Left,
            Some(Side::B) => DuelWinner::Right,
            None => DuelWinner::Draw,
        };
        Ok((winner, to_json(detail)))
    }

    fn measure<'a>(
        &'a self,
        name: &'static str,
        reader: &'a Reader<'a>,
    ) -> Pending<'a, Result<Value, Outage>> {
        Box::pin(async move {
            match name {
                best::FIGURE => best::measure(self.sides, reader).await,
                _ => gray::measure(self.sides, reader).await,
            }
        })
    }
}

fn to_json(members: Vec<(&'static str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// Between the seed of the round and that of the first request.
const SEED: u64 = 100;

impl Stages<'_> {
    /// What every detail ends with. Where much is unanswered and no control was asked, one is.
    fn close(
        &self,
        known: &Known,
        detail: &mut Vec<(&'static str, Json)>,
        remark: Option<&Question>,
        decided_by: String,
    ) -> Result<(), Lack> {
        if known.control().is_none() && is_too_much(known.counts()) {
            self.front_control(known)?;
        }
        detail.push(("decided_by", Json::String(decided_by)));
        let remark = remark.map(|remark| known.answer(remark)).transpose()?.flatten();
        let issues = if let Some(Answer::Remark(text)) = remark { text } else { String::new() };
        detail.push(("issues", Json::String(issues)));
        detail.push(("questions", counted(known)));
        Ok(())
    }

    pub(super) fn seed(&self) -> u64 {
        u64::from(self.duel.seed) + SEED
    }

    pub(super) fn orders(&self, label: &str, ask: &str, pictures: &[String; 2]) -> [Question; 2] {
        pair::orders(&self.duel.prompt, self.seed(), label, ask, pictures)
    }

    /// The faults of both, in words for people.
    fn remark(&self) -> Question {
        let [a, b] = self.sides.map(Shown::grid);
        let reference = (REFERENCE, &*self.duel.prompt);
        Question {
            label: "explain".into(),
            system: words::TELLER,
            parts: shown([reference, (FIRST, &a), (SECOND, &b)], words::EXPLAIN),
            schema: Schema::Remark,
            attempts: 3,
            tokens_max: 300,
            seed: self.seed(),
            shared: false,
        }
    }
}

/// `choice`, where a stage may have had none to make.
pub(super) fn choice_or_null(side: Option<Side>) -> Json {
    if side.is_some() { choice(side) } else { Json::Null }
}
