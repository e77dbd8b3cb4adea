//! Before a batch, and while one is worked on: status, health, refusals, repeats.

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Batches, Sent};
use crate::check::http::{Ask, brief};
use crate::check::prompts::Serve;
use crate::check::report::Outcome;
use crate::check::{Stop, archive, pictures, rule};
use crate::wire::batch::State;

/// Connections that poll at once, and how often each.
const POLLERS: usize = 50;
const POLLS_EACH: usize = 2;

impl Batches<'_> {
    /// A batch while it warms up.
    pub(super) async fn before_ready(&mut self) {
        let early = self.batch(vec![Serve::Missing]);
        let exchange = self.post(early.body().to_string()).await;
        // It may have become ready in between.
        if matches!(self.poll(None).await, Ok(seen) if seen.state == State::WarmingUp) {
            self.refusal(rule::B_WARMING, &exchange, State::WarmingUp);
        } else if matches!(&exchange, Ok(answer) if answer.status == 200) {
            self.session.skip(rule::B_WARMING, "it became ready meanwhile");
        } else {
            self.refusal(rule::B_WARMING, &exchange, State::WarmingUp);
        }
    }

    /// `/status` in every way it may be asked.
    pub(super) async fn plain_status(&self) {
        let session = self.session;
        let ask = |path: &str| Ask::get(path, session.answer_wait());
        let token = "Bearer crucible-pod-check";
        let asks = [
            ("without parameter", ask("/status")),
            ("with replacements_remaining=3", ask("/status?replacements_remaining=3")),
            ("with Authorization", ask("/status").with("authorization", token)),
        ];
        for (how, ask) in asks {
            let exchange = session.http.exchange(ask).await;
            let seen = match &exchange {
                Ok(answer) if answer.is_success() => self.status_of(answer, None).map(drop),
                _ => Err(brief(&exchange)),
            };
            match seen {
                Ok(()) => session.pass(rule::B_STATUS, ""),
                Err(came) => session.fail(rule::B_STATUS, format!("{how}: {came}")),
            }
        }
    }

    /// `/results` in a state in which there are none.
    pub(super) async fn results_early(&self, state: State) {
        let exchange = self.fetch().await;
        let outcome = match &exchange {
            Ok(answer) if answer.status == 409 => Outcome::Pass,
            _ => Outcome::Fail,
        };
        let came = match &exchange {
            Ok(answer) => format!("{} while {state}", answer.status),
            Err(silence) => silence.to_string(),
        };
        self.session.record(rule::B_EARLY, outcome, came);
    }

    /// Everything that can be asked between the 200 and complete. False when the batch had to be sent anew and is complete.
    pub(super) async fn while_running(&mut self, sent: &mut Sent) -> Result<bool, Stop> {
        let session = self.session;
        match self.poll(Some(sent)).await {
            Ok(seen) if seen.state == State::Generating => session.pass(rule::B_AT_ONCE, ""),
            Ok(seen) if seen.state == State::Complete => {
                self.at_once_complete(sent).await;
                // Whatever was complete, this batch has to be.
                return Ok(true);
            }
            Ok(seen) => session.fail(rule::B_AT_ONCE, seen.state),
            Err(_) => {}
        }
        self.wait_for_first_picture(sent).await;
        if !self.is_generating(sent).await {
            let why = "the batch was over before it could be asked";
            for rule in [rule::B_AGAIN, rule::B_OTHER, rule::B_POLLS, rule::B_HEALTH_BUSY] {
                session.skip(rule, why);
            }
            return Ok(true);
        }
        self.results_early(State::Generating).await;
        self.polls(sent).await;
        let mut health = Vec::new();
        for _ in 0..5 {
            health.push(session.health().await);
        }
        session.judge_polls(rule::B_HEALTH_BUSY, &health, session.limits().answer);
        self.again(sent).await;
        self.other(sent).await
    }

    /// Complete right after the 200: the last batch's results, or a very fast service.
    async fn at_once_complete(&self, sent: &Sent) {
        let session = self.session;
        let fetched = self.fetch().await;
        let archive = match &fetched {
            Ok(answer) if answer.is_success() => archive::read(&answer.body, Default::default()),
            _ => {
                return session.fail(rule::B_AT_ONCE, format!("complete, but {}", brief(&fetched)));
            }
        };
        if sent.stems.iter().all(|stem| archive.modules.contains_key(stem)) {
            session.pass(rule::B_AT_ONCE, "complete at once, with these results");
        } else {
            session.fail(rule::B_AT_ONCE, "complete, with the results of another batch");
        }
    }

    /// The first picture is not held, so a service that fetches pictures has it soon.
    async fn wait_for_first_picture(&mut self, sent: &Sent) {
        let begun = Instant::now();
        while self.prompts.served(&sent.paths[0]) == 0
            && begun.elapsed() < self.session.limits().patience
            && self.is_generating(sent).await
        {
            sleep(self.session.limits().poll / 10).await;
        }
    }

    async fn is_generating(&mut self, sent: &Sent) -> bool {
        match self.poll(Some(sent)).await {
            Ok(seen) => seen.state == State::Generating,
            // Another word for it is told elsewhere.
            Err(_) => self.session.has_failed(rule::B_STATES),
        }
    }

    async fn polls(&self, sent: &Sent) {
        let session = self.session;
        session.say("many polls at once");
        let mut pollers = JoinSet::new();
        for _ in 0..POLLERS {
            let (http, wait) = (session.http.clone(), session.answer_wait());
            pollers.spawn(async move {
                let mut answers = Vec::new();
                for _ in 0..POLLS_EACH {
                    let begun = Instant::now();
                    let answer = http.get("/status?replacements_remaining=0", wait).await;
                    answers.push((answer, begun.elapsed()));
                }
                answers
            });
        }
        let mut polls = Vec::new();
        for (exchange, took) in pollers.join_all().await.into_iter().flatten() {
            let poll = match &exchange {
                Ok(answer) => self.status_of(answer, Some(sent)).map(|_| took),
                Err(silence) => Err(silence.to_string()),
            };
            // A wrong word is told elsewhere.
            if poll.is_ok() || !session.has_failed(rule::B_STATES) {
                polls.push(poll);
            }
        }
        session.judge_polls(rule::B_POLLS, &polls, session.limits().answer);
    }

    /// The same batch again must change nothing.
    async fn again(&mut self, sent: &Sent) {
        let session = self.session;
        let mut before = None;
        for _ in 0..3 {
            let progress = self.progress(sent).await;
            if progress < before {
                session.fail(
                    rule::B_PROGRESS,
                    format!("progress went from {before:?} to {progress:?}"),
                );
            }
            before = before.max(progress);
        }
        let counts = !session.has_failed(rule::B_PROGRESS);
        let served = self.prompts.asked(&sent.paths[0]);
        let exchange = self.post(sent.body().to_string()).await;
        let accepted = match &exchange {
            Ok(answer) if answer.status == 200 => {
                answer.json().and_then(|body| body.get("accepted")?.as_u64())
            }
            _ => return session.fail(rule::B_AGAIN, brief(&exchange)),
        };
        if accepted != Some(sent.stems.len() as u64) && !session.has_failed(rule::B_ACCEPT) {
            return session.fail(rule::B_AGAIN, brief(&exchange));
        }
        // A batch that starts over fetches its pictures again, at once.
        let begun = Instant::now();
        let watch = session.limits().poll * 2;
        while begun.elapsed() < watch {
            let after = self.progress(sent).await;
            if counts && after < before && after.is_some() {
                return session
                    .fail(rule::B_AGAIN, format!("progress went from {before:?} to {after:?}"));
            }
            if served > 0 && self.prompts.asked(&sent.paths[0]) > served {
                return session.fail(rule::B_AGAIN, "a picture it had already was fetched again");
            }
            sleep(session.limits().poll / 10).await;
        }
        session.pass(rule::B_AGAIN, "");
    }

    async fn progress(&mut self, sent: &Sent) -> Option<i64> {
        self.poll(Some(sent)).await.ok().and_then(|seen| seen.progress)
    }

    /// Another batch must be refused. When it is taken, it is waited for, and the first one is sent again.
    async fn other(&mut self, sent: &mut Sent) -> Result<bool, Stop> {
        let session = self.session;
        let other = self.batch(vec![Serve::Picture(pictures::vase().bytes)]);
        let exchange = self.post(other.body().to_string()).await;
        let is_running = match self.poll(None).await {
            Ok(seen) => seen.state == State::Generating,
            Err(_) => session.has_failed(rule::B_STATES),
        };
        if is_running || !matches!(&exchange, Ok(answer) if answer.status == 200) {
            self.refusal(rule::B_OTHER, &exchange, State::Generating);
        } else {
            session.skip(rule::B_OTHER, "the batch was over before it could be asked");
        }
        if !matches!(&exchange, Ok(answer) if answer.status == 200) {
            return Ok(true);
        }
        self.prompts.release();
        self.finish(Some(&other), super::Want::Complete).await?;
        self.earlier.extend(other.set());
        let vase = || Serve::Picture(pictures::vase().bytes);
        *sent = self.batch(vec![vase(), vase(), vase()]);
        if let Err(came) = self.submit(sent).await {
            session.fail(rule::B_NEXT, &came);
            return Err(Stop::Because(format!("no second batch is accepted: {came}")));
        }
        self.finish(Some(sent), super::Want::Complete).await?;
        Ok(false)
    }
}
