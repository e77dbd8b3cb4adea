//! Controls: questions about nobody's asset, which tell pictures that a model will not look at from a model that answers nothing.

use super::interview::{Known, Lack};
use super::pair::orders;
use super::question::Question;
use crate::Duel;

/// A picture of our own that every model can look at: a red ball before white, 64 by 64 pixels.
pub(crate) const PLAIN: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABAAQMAAACQp+OdAAAABlBMVEX////IKCiilhLWAAAAbUlEQVR42mNgoCWQ/wFl/P8PoZn//z8AZvD///8BouT/f4ii+v///0HVQlQzghgNyAxmEAOknx3EeIDM4AcxPiAz5EGMH1gZ9iDGH1ow8FiK6UJMX8A9iOl3eLAgAgoedPDAhAcvPMARUUAbAACTy7xBZ3GgqwAAAABJRU5ErkJggg==";

/// What a control shows in place of every picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Control {
    /// The prompt's own picture.
    Prompt,
    /// [`PLAIN`].
    Plain,
}

impl Control {
    /// What labels of such controls begin with; both are in [`super::question::CONTROLS`].
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Prompt => "control",
            Self::Plain => "plain",
        }
    }

    /// The picture.
    pub(crate) fn picture(self, duel: &Duel) -> String {
        match self {
            Self::Prompt => duel.prompt.clone(),
            Self::Plain => PLAIN.to_owned(),
        }
    }

    /// Stands in for a question about two models.
    pub(crate) fn of_pair(self, duel: &Duel, seed: u64, kind: &str, ask: &str) -> Question {
        let picture = self.picture(duel);
        let label = format!("{}_{kind}", self.word());
        let [one, _] = orders(&picture, seed, &label, ask, &[picture.clone(), picture.clone()]);
        one
    }
}

/// Asks about the prompt's picture, and about ours if that comes to no answer. What was answered; if neither was, there is no model
/// that answers such questions.
pub(crate) fn answered(
    known: &Known,
    kind: &str,
    question: impl Fn(Control) -> Question,
) -> Result<Control, Lack> {
    for control in [Control::Prompt, Control::Plain] {
        if known.answer(&question(control))?.is_some() {
            return Ok(control);
        }
    }
    Err(Lack::Model(format!("the model answers no question of {kind}, nor the controls")))
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn our_picture_is_one() {
        let data = PLAIN.strip_prefix("data:image/png;base64,").expect("a PNG");
        let picture = vision::decode(&STANDARD.decode(data).expect("base64")).expect("a picture");
        assert_eq!(picture.dimensions(), (64, 64));
        assert_eq!(picture.get_pixel(32, 32).0, [200, 40, 40, 255]);
        assert_eq!(picture.get_pixel(0, 0).0, [255; 4]);
    }
}
