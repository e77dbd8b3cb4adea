//! The report of a match from the outcomes of its duels.

use ledger::Layout;
use ledger::files::config::Crown;
use ledger::files::duels::{Duel, DuelWinner, MatchReport, Naming, Side};
use ledger::files::outputs::AssetKind;
use ledger::json::{Json, Object};

use super::silence::Silence;
use super::{Stop, Stopping, margin, order, score};
use crate::Description;
use crate::statistics::{interval, swap_consistency};

/// A prompt of a match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What it is called.
    pub stem: String,
    /// Where its picture is.
    pub url: String,
    /// What the defender brought.
    pub left: Side,
    /// What the challenger brought.
    pub right: Side,
}

/// A match that is to be judged.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The defender, or `submitted`.
    pub left: String,
    /// The challenger.
    pub right: String,
    /// What is compared.
    pub kind: AssetKind,
    /// In the order of the round's file.
    pub prompts: Vec<Prompt>,
    /// What the order of judging follows from; see [`super::order_key`].
    pub order_key: [u8; 32],
    /// The challenger wins from this margin on.
    pub threshold: f64,
    /// What winning rests on.
    pub crown: Crown,
    /// Whether the match may end early.
    pub may_stop: bool,
    /// Level of the interval, and of what is settled.
    pub confidence: f64,
}

/// A duel that was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Who won it.
    pub winner: DuelWinner,
    /// For the report.
    pub detail: Json,
}

/// Where a match ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// After so many prompts of its order.
    pub judged: usize,
    /// Why there; nothing after the last prompt.
    pub why: Option<Stop>,
}

impl Plan {
    /// The order in which prompts are judged, as places in `prompts`.
    #[must_use]
    pub fn order(&self) -> Vec<usize> {
        let stems: Vec<&str> = self.prompts.iter().map(|prompt| prompt.stem.as_str()).collect();
        order(&self.order_key, &stems)
    }

    /// Where the match ends, given the outcomes known so far in the order of judging; nothing if that is not known yet. What is
    /// known beyond the first gap counts for nothing, so that the end does not depend on how many duels run at once.
    #[must_use]
    pub fn stopped(&self, in_order: &[Option<DuelWinner>]) -> Option<Stopped> {
        let mut watch = Stopping::new(self.prompts.len(), self.threshold, self.confidence);
        let mut winners = Vec::new();
        for winner in in_order {
            let winner = (*winner)?;
            winners.push(winner);
            let stop = watch.push(winner).filter(|_| self.may_stop);
            let crowned = || match self.crown {
                Crown::Interval if watch.is_won() => {
                    interval(&winners, self.confidence).is_some_and(|[low, _]| low > 0.0)
                }
                Crown::Margin | Crown::Interval => true,
            };
            if let Some(why) = stop.filter(|_| crowned()) {
                return Some(Stopped { judged: winners.len(), why: Some(why) });
            }
        }
        let all = winners.len() == self.prompts.len();
        all.then_some(Stopped { judged: winners.len(), why: None })
    }

    /// About how many prompts of the order will be judged, if the match goes on as it went so far; before anything is known, as few
    /// as can be enough. Duels beyond that are likely begun in vain. Only a guess: no outcome rests on it.
    #[must_use]
    pub fn likely_end(&self, in_order: &[Option<DuelWinner>]) -> usize {
        let prompts = self.prompts.len();
        if !self.may_stop {
            return prompts;
        }
        let mut watch = Stopping::new(prompts, self.threshold, self.confidence);
        let mut judged = 0;
        for winner in in_order.iter().map_while(|winner| *winner) {
            watch.push(winner);
            judged += 1;
        }
        let mut known: Vec<DuelWinner> = in_order.iter().copied().flatten().collect();
        if known.is_empty() {
            known.push(DuelWinner::Right);
        }
        for winner in known.into_iter().cycle().take(prompts - judged) {
            judged += 1;
            if watch.push(winner).is_some() {
                break;
            }
        }
        judged
    }
}

/// The report of a match that ended. `judged` is in the order of judging, up to its end at least.
#[must_use]
pub fn report(
    plan: &Plan,
    stopped: Stopped,
    judged: &[Judged],
    judge: &Description,
) -> MatchReport {
    let judged = &judged[..stopped.judged.min(judged.len())];
    let order = plan.order();
    let mut duels = Vec::with_capacity(plan.prompts.len());
    for (place, &at) in order.iter().enumerate() {
        let prompt = &plan.prompts[at];
        let outcome = judged.get(place);
        let unjudged = || {
            let reason = "the match was decided before this prompt";
            Json::Object(Object::from_iter([("reason".to_owned(), Json::from(reason))]))
        };
        duels.push(Duel {
            kind: plan.kind,
            naming: Naming::Sides,
            name: prompt.stem.clone(),
            prompt: prompt.url.clone(),
            left: prompt.left.clone(),
            right: prompt.right.clone(),
            winner: outcome.map_or(DuelWinner::Skipped, |outcome| outcome.winner),
            detail: Some(outcome.map_or_else(unjudged, |outcome| outcome.detail.clone())),
            issues: None,
            layout: Layout::default(),
        });
    }
    let winners: Vec<DuelWinner> = judged.iter().map(|outcome| outcome.winner).collect();
    let score = score(winners.iter().copied());
    duels.sort_by(|a, b| a.name.cmp(&b.name));
    let interval = interval(&winners, plan.confidence)
        .map_or(Json::Null, |bounds| Json::Array(bounds.map(Json::float).to_vec()));
    let consistency = swap_consistency(judged.iter().map(|outcome| &outcome.detail));
    let hex = faster_hex::hex_string(&plan.order_key);
    let mut layout = Layout::default();
    for (key, value) in [
        ("interval", interval),
        ("confidence", Json::float(plan.confidence)),
        ("swap_consistency", consistency.map_or(Json::Null, Json::float)),
        ("judged", Json::int(stopped.judged as i128)),
        ("stopped", stopped.why.map_or(Json::Null, |why| Json::from(why.word()))),
        ("judge", described(judge)),
        ("order", Json::String(hex)),
    ] {
        layout.set(key, value);
    }
    let silence = Silence::of(judged.iter().map(|outcome| &outcome.detail));
    if silence.judged > 0 {
        layout.set("questions", silence.json());
        layout.set("calls", Json::int(silence.asked as i128));
        layout.set("calls_saved", Json::int(saved(plan, judged.len(), silence) as i128));
    }
    MatchReport {
        naming: Naming::Sides,
        left: plan.left.clone(),
        right: plan.right.clone(),
        score,
        margin: margin(score, plan.prompts.len()),
        outcome: None,
        duels,
        layout,
    }
}

/// About how many calls the end of a match saved: as many for each duel that was not judged as for those that were. Duels that need
/// no model save nothing.
fn saved(plan: &Plan, judged: usize, silence: Silence) -> usize {
    let open = plan.order().into_iter().skip(judged);
    let shown = |at: &usize| {
        let prompt = &plan.prompts[*at];
        prompt.left.picture.is_some() && prompt.right.picture.is_some()
    };
    let open = open.filter(shown).count();
    (silence.asked.saturating_mul(open) + silence.judged / 2) / silence.judged.max(1)
}

/// Name, version and model of a judge.
fn described(judge: &Description) -> Json {
    let model = judge.model.as_deref().map_or(Json::Null, Json::from);
    Json::Object(Object::from_iter([
        ("name".to_owned(), Json::from(judge.name.as_str())),
        ("version".to_owned(), Json::int(judge.version.into())),
        ("model".to_owned(), model),
    ]))
}
