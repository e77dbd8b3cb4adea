//! Bad input: what is not a picture, odd pictures, forms that are wrong, and whether the service lives on.

use bytes::Bytes;
use tokio::time::timeout;

use super::Single;
use crate::check::form::Form;
use crate::check::http::{Answer, Ask, brief};
use crate::check::pictures::Picture;
use crate::check::{Outcome, pictures, rule};
use crate::wire::single::SEED_FIELD;

impl Single<'_> {
    /// The answer to a body that may be anything, or what came instead of one.
    async fn answer_to(&self, kind: &str, body: impl Into<Bytes>) -> Result<Answer, String> {
        let soon = self.soon();
        let ask = Ask::post("/generate", kind, body, soon).up_to(self.session.limits().model_bytes);
        match timeout(soon, self.session.http.exchange(ask)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(silent) => Err(brief(&silent)),
            Err(_) => Err(format!("no answer within {:.0} s", soon.as_secs_f64())),
        }
    }

    pub(super) async fn garbage(&self) {
        let session = self.session;
        session.say("what is not a picture");
        for picture in pictures::garbage() {
            let name = picture.name;
            match self.answer_to(Form::TYPE, Form::good(&picture, 0)).await {
                Ok(answer) if answer.status >= 400 => session.pass(rule::S_GARBAGE, answer.brief()),
                Ok(answer) => {
                    let (status, length) = (answer.status, answer.body.len());
                    session.fail(rule::S_GARBAGE, format!("{name}: {status} with {length} bytes"));
                }
                Err(came) => session.fail(rule::S_GARBAGE, format!("{name}: {came}")),
            }
        }
    }

    pub(super) async fn odd_pictures(&self, odd: &[Picture]) {
        let session = self.session;
        let is_always_cut = session.has_failed(rule::S_LENGTH) || session.has_failed(rule::S_SIZE);
        for picture in odd {
            let name = picture.name;
            session.say(name);
            match self.answer_to(Form::TYPE, Form::good(picture, 0)).await {
                Ok(Answer { cut: Some(why), .. }) if !is_always_cut => {
                    session.fail(rule::S_ODD, format!("{name}: {why}"));
                }
                Ok(_) => session.pass(rule::S_ODD, ""),
                Err(came) => session.fail(rule::S_ODD, format!("{name}: {came}")),
            }
        }
    }

    pub(super) async fn forms(&self) {
        let session = self.session;
        session.say("forms that are wrong");
        let vase = pictures::vase().bytes;
        let cut = Form::default().field(SEED_FIELD, "0").picture(&vase);
        let wrong = [
            ("no picture", Form::TYPE, Form::default().field(SEED_FIELD, "0").end()),
            (
                "a seed that is no number",
                Form::TYPE,
                Form::default().picture(&vase).field(SEED_FIELD, "abc").end(),
            ),
            ("JSON", "application/json", br#"{"seed": 0}"#.to_vec()),
            ("nothing", Form::TYPE, Vec::new()),
        ];
        for (name, kind, body) in wrong {
            let (outcome, came) = match self.answer_to(kind, body).await {
                Ok(answer) if answer.status / 100 == 4 => (Outcome::Pass, String::new()),
                Ok(answer) if answer.status / 100 == 5 => (Outcome::Warn, answer.brief()),
                Ok(answer) => (Outcome::Fail, answer.status.to_string()),
                Err(came) => (Outcome::Fail, came),
            };
            session.record(rule::S_FORM, outcome, format!("{name}: {came}"));
        }
        // The contract is silent on these; they must be answered all the same.
        let twice = Form::default()
            .picture(&vase)
            .picture(&vase)
            .field(SEED_FIELD, "0")
            .field(SEED_FIELD, "1");
        let open_ended = [
            ("no seed", Form::default().picture(&vase).end()),
            ("everything twice", twice.end()),
            ("a form without end", cut.unfinished()),
        ];
        for (name, body) in open_ended {
            if let Err(came) = self.answer_to(Form::TYPE, body).await {
                session.fail(rule::S_FORM, format!("{name}: {came}"));
            }
        }
    }

    pub(super) async fn alive(&self) {
        self.session.say("one good request at the end");
        match self.shoot_soon(&pictures::vase(), 0).await {
            Ok(_) => self.session.pass(rule::S_ALIVE, ""),
            Err(came) => self.session.fail(rule::S_ALIVE, came),
        }
    }
}
