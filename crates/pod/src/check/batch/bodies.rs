//! Bodies that are wrong and stems that are none: refused, and nothing changes.

use serde_json::{Value, json};

use super::{Batches, Want};
use crate::check::http::{Exchange, brief};
use crate::check::report::Outcome;
use crate::check::rule::Rule;
use crate::check::{Stop, rule};
use crate::wire::batch::State;

/// Nothing may be one of these.
const BAD_STEMS: [&str; 7] = ["Upper", "a-b", "a.js", "../a", "", "a b", "é"];

impl Batches<'_> {
    /// While complete, so that a change of state is seen.
    pub(super) async fn bodies(&mut self) -> Result<(), Stop> {
        let session = self.session;
        session.say("bad stems");
        let prompt = |stem: &str| json!({ "stem": stem, "image_url": "http://127.0.0.1:9/a.jpg" });
        for stem in BAD_STEMS {
            let body = json!({ "prompts": [prompt("good"), prompt(stem)], "seed": 1 });
            let exchange = self.post(body.to_string()).await;
            let outcome = outcome(&exchange, 422);
            self.refused(rule::B_STEMS, outcome, &format!("stem {stem:?}"), &exchange).await?;
        }
        session.say("bodies that are wrong");
        let good = || vec![prompt("good")];
        let bodies: [(&str, String); 9] = [
            ("not JSON", "{\"prompts\": [".into()),
            ("an array", "[]".into()),
            ("an empty object", "{}".into()),
            ("no seed", json!({ "prompts": good() }).to_string()),
            ("no prompts", json!({ "seed": 1 }).to_string()),
            ("prompts that are a text", json!({ "prompts": "good", "seed": 1 }).to_string()),
            ("a seed that is a text", json!({ "prompts": good(), "seed": "x" }).to_string()),
            ("no image_url", json!({ "prompts": [{ "stem": "good" }], "seed": 1 }).to_string()),
            ("10000 nested arrays", "[".repeat(10_000)),
        ];
        for (name, body) in bodies {
            let exchange = self.post(body).await;
            let outcome = match &exchange {
                Ok(answer) if answer.status / 100 == 4 => Outcome::Pass,
                Ok(answer) if answer.status / 100 == 5 => Outcome::Warn,
                _ => Outcome::Fail,
            };
            self.refused(rule::B_BODIES, outcome, name, &exchange).await?;
        }
        // Anything but silence will do.
        let null = Value::Null.to_string();
        if let Err(silence) = self.post(null).await {
            session.fail(rule::B_BODIES, format!("null: {silence}"));
        }
        Ok(())
    }

    /// Records the answer, and that the state has stayed.
    async fn refused(
        &mut self,
        broken: Rule,
        outcome: Outcome,
        what: &str,
        exchange: &Exchange,
    ) -> Result<(), Stop> {
        let session = self.session;
        let came = if outcome == Outcome::Pass {
            String::new()
        } else {
            format!("{what}: {}", brief(exchange))
        };
        session.record(broken, outcome, came);
        let Ok(seen) = self.poll(None).await else { return Ok(()) };
        if seen.state != self.idle {
            session.fail(
                broken,
                format!("{what}: the state went from {} to {}", self.idle, seen.state),
            );
            self.idle = seen.state;
        }
        if seen.state == State::Generating {
            self.finish(None, Want::Complete).await?;
            self.idle = State::Complete;
        }
        Ok(())
    }
}

/// The status as it should be; another 4xx is only unusual.
fn outcome(exchange: &Exchange, wanted: u16) -> Outcome {
    match exchange {
        Ok(answer) if answer.status == wanted => Outcome::Pass,
        Ok(answer) if answer.status / 100 == 4 => Outcome::Warn,
        _ => Outcome::Fail,
    }
}
