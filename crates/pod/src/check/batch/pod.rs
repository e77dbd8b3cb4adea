//! The four calls of the batch contract, each held to the rules that hold for every such call.

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::{Batches, Sent};
use crate::check::http::{Answer, Ask, Exchange, brief};
use crate::check::report::Outcome;
use crate::check::{Stop, rule};
use crate::wire::batch::{Caps, Refused, State};

/// A valid answer of `/status`.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) state: State,
    pub(super) progress: Option<i64>,
}

/// Which rule is broken when a batch does not end.
#[derive(Debug, Clone, Copy)]
pub(super) enum Want {
    Complete,
    Next,
    AllFailed,
}

impl Batches<'_> {
    /// `/status` without any replacement left: the service has to push on.
    pub(super) async fn poll(&mut self, sent: Option<&Sent>) -> Result<Seen, String> {
        let session = self.session;
        let path = "/status?replacements_remaining=0";
        let exchange = session.http.get(path, session.answer_wait()).await;
        let answer = exchange.map_err(|silence| silence.to_string())?;
        let seen = self.status_of(&answer, sent)?;
        if seen.state == State::Replace {
            session.fail(rule::B_REPLACE, "replace with replacements_remaining=0");
        } else {
            session.pass(rule::B_REPLACE, "");
        }
        Ok(seen)
    }

    /// What an answer of `/status` says, held to the rules. `sent` is the batch that is worked on.
    pub(super) fn status_of(&self, answer: &Answer, sent: Option<&Sent>) -> Result<Seen, String> {
        let session = self.session;
        if !answer.is_success() {
            return Err(answer.brief());
        }
        let Some(Value::Object(body)) = answer.json() else {
            session.fail(rule::B_STATES, format!("no JSON object: {}", answer.brief()));
            return Err(answer.brief());
        };
        let word = body.get("status").cloned().unwrap_or_default();
        let Ok(state) = serde_json::from_value::<State>(word.clone()) else {
            session.fail(rule::B_STATES, format!("status is {word}"));
            return Err(format!("status is {word}"));
        };
        session.pass(rule::B_STATES, "");
        let number = |name| body.get(name).and_then(Value::as_i64);
        let (progress, total) = (number("progress"), number("total"));
        if let (State::Generating, Some(sent)) = (state, sent) {
            let prompts = i64::try_from(sent.stems.len()).unwrap_or(i64::MAX);
            let is_right = matches!((progress, total), (Some(progress), Some(total))
                if total == prompts && (0..=total).contains(&progress));
            let outcome = if is_right { Outcome::Pass } else { Outcome::Fail };
            let text = |it: Option<i64>| it.map_or("none".into(), |it| it.to_string());
            let came =
                format!("progress {}, total {} of {prompts} prompts", text(progress), text(total));
            session.record(rule::B_PROGRESS, outcome, came);
        }
        if state == State::Replace {
            let payload = body.get("payload").map_or(0, |payload| payload.to_string().len());
            if payload > Caps::default().payload_bytes {
                session.warn(rule::B_REPLACE, format!("a payload of {payload} bytes is dropped"));
            }
        }
        Ok(Seen { state, progress })
    }

    /// `POST /generate` with any body.
    pub(super) async fn post(&self, body: impl Into<bytes::Bytes>) -> Exchange {
        // Clients wait 30 s for the connection and 60 s for the answer.
        let ask = Ask::post("/generate", "application/json", body, Duration::from_secs(60));
        self.session.http.exchange(ask).await
    }

    /// Sends a batch that should be accepted.
    pub(super) async fn submit(&mut self, sent: &Sent) -> Result<(), String> {
        let exchange = self.post(sent.body().to_string()).await;
        let answer = exchange.map_err(|silence| silence.to_string())?;
        if answer.status != 200 {
            return Err(answer.brief());
        }
        let accepted = answer.json().and_then(|body| body.get("accepted")?.as_u64());
        let outcome =
            if accepted == Some(sent.stems.len() as u64) { Outcome::Pass } else { Outcome::Fail };
        self.session.record(rule::B_ACCEPT, outcome, answer.brief());
        if self.session.has_failed(rule::B_AT_ONCE) {
            self.wait_for_late_start(sent).await;
        }
        Ok(())
    }

    /// Holds a refusal to the contract: 409, two keys, nothing else.
    pub(super) fn refusal(&self, broken: rule::Rule, exchange: &Exchange, state: State) {
        let session = self.session;
        let Ok(answer) = exchange else { return session.fail(broken, brief(exchange)) };
        let wanted = serde_json::json!({ "detail": Refused::DETAIL, "current_status": state });
        let is_right = answer.status == 409 && answer.json().is_some_and(|body| body == wanted);
        let outcome = if is_right { Outcome::Pass } else { Outcome::Fail };
        session.record(broken, outcome, answer.brief());
    }

    /// Polls until the batch is complete.
    pub(super) async fn finish(&mut self, sent: Option<&Sent>, want: Want) -> Result<(), Stop> {
        let session = self.session;
        let begun = Instant::now();
        let mut progress_max = 0;
        let limit = session.limits().batch;
        let last = loop {
            let seen = self.poll(sent).await;
            let came = match &seen {
                Ok(seen) if seen.state == State::Complete => return Ok(()),
                Ok(seen) => {
                    let progress = seen.progress.unwrap_or_default();
                    if progress < progress_max {
                        let came = format!("progress went from {progress_max} to {progress}");
                        session.fail(rule::B_PROGRESS, came);
                    }
                    progress_max = progress_max.max(progress);
                    if seen.state == State::WarmingUp {
                        session.fail(rule::B_NEXT, "warming_up in the middle of a batch");
                    }
                    if matches!(seen.state, State::Ready | State::Replace) {
                        break format!("{} instead of complete", seen.state);
                    }
                    seen.state.name()
                }
                Err(came) => {
                    session.is_there(came)?;
                    came
                }
            };
            if begun.elapsed() > limit {
                break format!("{came} after {} s", limit.as_secs_f64());
            }
            sleep(session.limits().poll).await;
        };
        let broken = match want {
            Want::Complete => rule::B_ENDS,
            Want::Next if self.fetches => rule::B_BAD_PICTURE,
            Want::Next => rule::B_NEXT,
            Want::AllFailed => rule::B_ALL_FAILED,
        };
        if !session.has_failed(rule::B_REPLACE) {
            session.fail(broken, &last);
        }
        Err(Stop::Because(format!("a batch did not end in complete: {last}")))
    }

    /// A service known to say generating late would be taken for complete.
    pub(super) async fn wait_for_late_start(&mut self, sent: &Sent) {
        let begun = Instant::now();
        while begun.elapsed() < self.session.limits().patience
            && !matches!(self.poll(Some(sent)).await, Ok(seen) if seen.state == State::Generating)
        {
            sleep(self.session.limits().poll / 10).await;
        }
    }

    /// `GET /results`.
    pub(super) async fn fetch(&self) -> Exchange {
        let ask = self.results();
        self.session.http.exchange(ask).await
    }

    /// The request for the results, read as far as clients read.
    pub(super) fn results(&self) -> Ask {
        let limit = self.session.limits().generation;
        Ask::get("/results", limit).up_to(Caps::default().zip_bytes + 1)
    }
}
