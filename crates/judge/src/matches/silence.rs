//! Questions that a model did not answer: what of a match is left if they are many.
//!
//! Pictures that no model will look at are their maker's trouble: the model answers the same about the prompt. A model that answers
//! little, or that cannot fetch prompts, is the operator's: such a match is worth nothing.

use ledger::json::Json;

use crate::vlm::control::Control;
use crate::vlm::interview::Known;
use crate::vlm::question::object;

/// `decided_by` of a duel whose prompt the model does not look at.
pub const PROMPT_UNANSWERABLE: &str = "prompt unanswerable";

/// Of so many questions one may be unanswered.
const ONE_OF: usize = 5;

/// Whether so many of those that were asked, which come first, are too many.
pub(crate) fn is_too_much((asked, unanswered): (usize, usize)) -> bool {
    unanswered.saturating_mul(ONE_OF) > asked
}

/// For the detail of a duel: `asked`, `unanswered`, and about what the `control` was answered, if one was needed.
pub(crate) fn counted(known: &Known) -> Json {
    let (asked, unanswered) = known.counts();
    let control = match known.control() {
        None => Json::Null,
        Some(Control::Prompt) => "prompt".into(),
        Some(Control::Plain) => "plain".into(),
    };
    object([
        ("asked", Json::int(asked as i128)),
        ("unanswered", Json::int(unanswered as i128)),
        ("control", control),
    ])
}

/// Questions of a match, from the details of its duels. Duels that no model was asked about count for nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silence {
    /// Duels that a model was asked about.
    pub judged: usize,
    /// Questions, controls and second attempts apart.
    pub asked: usize,
    /// That came to no answer.
    pub unanswered: usize,
    /// Of these, those that no control lays at the door of a side's pictures.
    pub unexplained: usize,
    /// Duels in which these are too many.
    pub duels: usize,
}

impl Silence {
    /// Of a match.
    #[must_use]
    pub fn of<'a>(details: impl IntoIterator<Item = &'a Json>) -> Self {
        let mut all = Self::default();
        for detail in details {
            let Some(questions) = detail.as_object().and_then(|members| members.get("questions"))
            else {
                continue;
            };
            let count = |key: &str| match questions.as_object()?.get(key)? {
                Json::Number(text) => text.parse::<usize>().ok(),
                _ => None,
            };
            let (Some(asked), Some(unanswered)) = (count("asked"), count("unanswered")) else {
                continue;
            };
            let control =
                questions.as_object().and_then(|members| members.get("control")?.as_str());
            all.judged += 1;
            all.asked = all.asked.saturating_add(asked);
            all.unanswered = all.unanswered.saturating_add(unanswered);
            if control != Some("prompt") {
                all.unexplained = all.unexplained.saturating_add(unanswered);
                all.duels += usize::from(is_too_much((asked, unanswered)));
            }
        }
        all
    }

    /// Whether a match is worth nothing: more than this share of its questions unanswered, in more than one duel, and not because of
    /// a side's pictures. One prompt that no model looks at is a draw, and stops nobody.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "numbers of questions are below 2^53")]
    pub fn is_too_much(&self, share: f64) -> bool {
        self.duels > 1 && self.unexplained as f64 > share * self.asked as f64
    }

    /// For the report.
    #[must_use]
    pub fn json(&self) -> Json {
        object([
            ("asked", Json::int(self.asked as i128)),
            ("unanswered", Json::int(self.unanswered as i128)),
            ("unexplained", Json::int(self.unexplained as i128)),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(details: &[&str]) -> Silence {
        let details: Vec<Json> =
            details.iter().map(|text| ledger::json::read(text).expect("JSON")).collect();
        Silence::of(&details)
    }

    #[test]
    fn a_models_silence_is_told_from_that_about_pictures() {
        let sound = r#"{"questions": {"asked": 20, "unanswered": 1, "control": null}}"#;
        let strange = r#"{"questions": {"asked": 20, "unanswered": 16, "control": "prompt"}}"#;
        let prompt = r#"{"questions": {"asked": 7, "unanswered": 7, "control": "plain"}}"#;
        let default = r#"{"reason": "no preview from left"}"#;
        let is_too_much = |details: &[&str]| silence(details).is_too_much(0.2);
        assert!(!is_too_much(&[sound, sound, default]));
        assert!(!is_too_much(&[strange, strange, strange]), "a miner stops no match");
        assert!(!is_too_much(&[prompt]), "nor does one prompt");
        assert!(!is_too_much(&[prompt, sound]));
        assert!(is_too_much(&[prompt, prompt, sound]));
        assert!(!is_too_much(&[prompt, prompt, sound, sound, sound, sound]));
        assert!(!silence(&[prompt, prompt]).is_too_much(1.0), "an operator may allow it");
        assert_eq!(
            silence(&[sound, strange, prompt, default, "null", r#"{"questions": 1}"#]),
            Silence { judged: 3, asked: 47, unanswered: 24, unexplained: 8, duels: 1 }
        );
    }
}
