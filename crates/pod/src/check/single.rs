//! The single-shot contract: one picture in, one model out.

mod company;
mod input;

use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, sleep};

use super::form::Form;
use super::http::{Answer, Ask, Exchange, brief};
use super::pictures::{self, Picture};
use super::{Session, Stop, rule};
use crate::wire::Kind;

/// Distance up to which two models count as the same; the audit of competition 1.
const SAME_MAX: f64 = 0.1;
/// A first generation that fails is tried again so often, to tell a service that is not ready from a broken one.
const FIRST_TRIES: u32 = 3;

/// What the good generations so far have shown.
struct Single<'a> {
    session: &'a Session<'a>,
    kind: Option<Kind>,
    /// Times to the headers of generations that had the service for themselves.
    times: Vec<Duration>,
}

pub(super) async fn check(session: &Session<'_>) -> Result<(), Stop> {
    let made = tokio::task::spawn_blocking(pictures::made).await;
    let made = made.map_err(|error| Stop::Because(format!("no pictures: {error}")))??;
    wait_for_health(session).await?;
    let mut single = Single { session, kind: None, times: Vec::new() };
    let first = single.first().await?;
    single.same(&first).await;
    let quick = session.config.quick;
    single.picture_or_seed(&made.png, 4_294_967_295, rule::S_PNG, rule::S_SEED_MAX).await;
    if !quick {
        single.picture_or_seed(&made.rgba, -1, rule::S_RGBA, rule::S_SEED_NEGATIVE).await;
        single.big(&made.big).await;
        single.next_while_streaming().await;
    }
    single.two_at_once(&first).await;
    if !quick {
        single.leave_early().await;
        single.still_there("a client that left early").await?;
        single.slow_upload().await;
        single.still_there("a client that sends slowly").await?;
        single.forms().await;
        single.odd_pictures(&made.odd).await;
    }
    single.garbage().await;
    single.alive().await;
    single.times();
    Ok(())
}

async fn wait_for_health(session: &Session<'_>) -> Result<(), Stop> {
    session.say("waiting for /health");
    let begun = Instant::now();
    loop {
        match session.health().await {
            Ok(_) => {
                session.pass(
                    rule::S_READY,
                    format!("200 after {:.1} s", begun.elapsed().as_secs_f64()),
                );
                return Ok(());
            }
            Err(came) => {
                session.is_there(&came).inspect_err(|_| session.fail(rule::S_READY, &came))?;
                if begun.elapsed() > session.limits().warm_up {
                    session.fail(rule::S_READY, &came);
                    return Err(Stop::Because(format!("/health never answered 200: {came}")));
                }
            }
        }
        sleep(session.limits().poll).await;
    }
}

impl Single<'_> {
    /// A generation as clients ask for it.
    fn ask(&self, form: Vec<u8>) -> Ask {
        let limits = self.session.limits();
        Ask::post("/generate", Form::TYPE, form, limits.generation).up_to(limits.model_bytes + 1)
    }

    async fn shoot(&self, picture: &Picture, seed: i64) -> Exchange {
        let exchange = self.session.http.exchange(self.ask(Form::good(picture, seed))).await;
        if let Ok(answer) = &exchange {
            self.look_at(answer);
        }
        exchange
    }

    /// The time in which a generation must have come, given those that were seen.
    fn soon(&self) -> Duration {
        let longest = self.times.iter().max().copied().unwrap_or_default();
        (longest * 10).max(self.session.limits().patience).min(self.session.limits().generation)
    }

    /// A generation that should come as soon as others did.
    async fn shoot_soon(&self, picture: &Picture, seed: i64) -> Result<Answer, String> {
        let soon = self.soon();
        // A service known to refuse what it should queue may still be busy with a request that was given up.
        let refuses = self.session.has_failed(rule::S_TWO);
        let shots = async {
            loop {
                match self.shoot(picture, seed).await {
                    Ok(answer) if refuses && matches!(answer.status, 429 | 503) => {
                        sleep(self.session.limits().poll).await;
                    }
                    exchange => return exchange,
                }
            }
        };
        match tokio::time::timeout(soon, shots).await {
            Ok(Ok(answer)) if answer.is_success() => Ok(answer),
            Ok(exchange) => Err(brief(&exchange)),
            Err(_) => Err(format!("no answer within {:.0} s", soon.as_secs_f64())),
        }
    }

    /// Stops when something the check did has ended the service for good.
    async fn still_there(&self, after: &str) -> Result<(), Stop> {
        if !self.session.has_failed(rule::S_LEFT) && !self.session.has_failed(rule::S_SLOW) {
            return Ok(());
        }
        let shot = self.shoot_soon(&pictures::vase(), 0).await;
        shot.map(drop)
            .map_err(|came| Stop::Because(format!("no generation succeeds since {after}: {came}")))
    }

    /// The rules that hold for every answer with a model.
    fn look_at(&self, answer: &Answer) {
        let session = self.session;
        let limits = session.limits();
        if !answer.is_success() {
            return;
        }
        if answer.to_body > limits.stall {
            let (headers, body) = (answer.to_headers.as_secs_f64(), answer.to_body.as_secs_f64());
            session.fail(
                rule::S_HEADERS,
                format!("headers after {headers:.1} s, the body {body:.1} s later"),
            );
        } else {
            session.pass(rule::S_HEADERS, "");
        }
        if answer.body.len() > limits.model_bytes {
            session.fail(rule::S_SIZE, format!("more than {} bytes", limits.model_bytes));
            return;
        }
        session.pass(rule::S_SIZE, format!("{} bytes", answer.body.len()));
        match &answer.cut {
            Some(why) => {
                session.fail(rule::S_LENGTH, format!("{} bytes, then: {why}", answer.body.len()));
            }
            None => session.pass(rule::S_LENGTH, answer.content_length().unwrap_or("chunks")),
        }
        match answer.content_type() {
            "application/octet-stream" => session.pass(rule::S_TYPE, ""),
            other => session.warn(rule::S_TYPE, other),
        }
        if answer.cut.is_none() {
            match kind_of(&answer.body) {
                Some(kind) => session.pass(rule::S_MODEL, kind.ending()),
                None => {
                    let begin = &answer.body[..answer.body.len().min(40)];
                    let begin = String::from_utf8_lossy(begin).into_owned();
                    session.fail(
                        rule::S_MODEL,
                        format!("{} bytes that begin {begin:?}", answer.body.len()),
                    );
                }
            }
        }
    }

    /// The first generation, `/health` meanwhile, and what the model is.
    async fn first(&mut self) -> Result<Bytes, Stop> {
        let session = self.session;
        session.say("first generation");
        let vase = pictures::vase();
        let mut tries = 0;
        let answer = loop {
            let exchange = self.first_with_health(&vase).await;
            match exchange {
                Ok(answer) if answer.is_success() => break answer,
                exchange => {
                    let came = brief(&exchange);
                    session.is_there(&came).inspect_err(|_| session.fail(rule::S_JPEG, &came))?;
                    tries += 1;
                    let may_pass = exchange.as_ref().map_or(true, |answer| answer.status >= 500);
                    if tries == FIRST_TRIES || !may_pass {
                        session.fail(rule::S_JPEG, &came);
                        return Err(Stop::Because(format!("no generation succeeds: {came}")));
                    }
                    sleep(session.limits().poll * 2).await;
                    if tries == 1 {
                        session
                            .skip(rule::S_HONEST, format!("the first generation failed: {came}"));
                    }
                }
            }
        };
        if tries == 0 {
            session.pass(rule::S_HONEST, "");
        } else {
            session.fail(
                rule::S_HONEST,
                format!("{tries} generations failed after /health said 200, then one succeeded"),
            );
        }
        session.pass(
            rule::S_JPEG,
            format!("{} in {:.1} s", answer.status, answer.to_headers.as_secs_f64()),
        );
        session.pass(rule::S_SEED_ZERO, "");
        self.times.push(answer.to_headers);
        self.kind = kind_of(&answer.body);
        if let Some(kind) = self.kind.filter(|_| answer.cut.is_none()) {
            match session.breaches(kind, &answer.body).await.as_slice() {
                [] => session.pass(rule::S_RULES, ""),
                breaches => session.fail(rule::S_RULES, breaches.join("; ")),
            }
        }
        Ok(answer.body)
    }

    async fn first_with_health(&self, vase: &Picture) -> Exchange {
        let mut polls = Vec::new();
        let mut since = Instant::now();
        let gap = self.session.limits().poll.min(Duration::from_millis(100));
        let shot = self.shoot(vase, 0);
        let watch = async {
            loop {
                since = Instant::now();
                let poll = self.session.health().await;
                polls.push(poll);
                since = Instant::now();
                sleep(gap).await;
            }
        };
        let exchange = tokio::select! {
            exchange = shot => exchange,
            () = watch => unreachable!("watching never ends"),
        };
        if matches!(&exchange, Ok(answer) if answer.is_success()) {
            // One that the generation's end overtook has waited so long.
            if since.elapsed() > self.session.limits().answer {
                polls.push(Ok(since.elapsed()));
            }
            self.session.judge_polls(rule::S_HEALTH_BUSY, &polls, gap);
        }
        exchange
    }

    /// The same request once more, with headers that should not matter.
    async fn same(&mut self, first: &Bytes) {
        let session = self.session;
        session.say("the same again, with an Authorization header");
        let vase = pictures::vase();
        let ask = self.ask(Form::good(&vase, 0));
        let ask =
            ask.with("authorization", "Bearer crucible-pod-check").with("x-crucible", "check");
        let with_headers = session.http.exchange(ask).await;
        let again = match with_headers {
            Ok(answer) if answer.is_success() => {
                session.pass(rule::S_HEADERS_EXTRA, "");
                Ok(answer)
            }
            other => {
                session.fail(rule::S_HEADERS_EXTRA, brief(&other));
                self.shoot_soon(&vase, 0).await
            }
        };
        let Ok(again) = again else {
            return session.skip(rule::S_SAME, "the second generation failed");
        };
        self.times.push(again.to_headers);
        if again.body == first {
            return session.pass(rule::S_SAME, "the same bytes");
        }
        let Some(kind) = self.kind else {
            return session.skip(rule::S_SAME, "no model to look at");
        };
        match session.distance(kind, first, &again.body).await {
            Ok(distance) if distance <= SAME_MAX => {
                session.pass(rule::S_SAME, format!("other bytes, distance {distance:.3}"));
            }
            Ok(distance) => session.fail(rule::S_SAME, format!("distance {distance:.3}")),
            Err(why) => session.skip(rule::S_SAME, why),
        }
    }

    /// A picture and a seed at once; when that fails, which of both it was.
    async fn picture_or_seed(
        &mut self,
        picture: &Picture,
        seed: i64,
        by_picture: super::Rule,
        by_seed: super::Rule,
    ) {
        let session = self.session;
        session.say(picture.name);
        let came = match self.shoot_soon(picture, seed).await {
            Ok(answer) => {
                self.times.push(answer.to_headers);
                session.pass(by_picture, "");
                return session.pass(by_seed, "");
            }
            Err(came) => came,
        };
        match self.shoot_soon(&pictures::vase(), seed).await {
            Ok(_) => session.pass(by_seed, ""),
            Err(came) => session.fail(by_seed, came),
        }
        match self.shoot_soon(picture, 0).await {
            Ok(_) => session.pass(by_picture, ""),
            Err(_) => session.fail(by_picture, came),
        }
    }

    async fn big(&self, big: &Picture) {
        let session = self.session;
        session.say(big.name);
        match self.shoot(big, 0).await {
            Ok(answer) if answer.is_success() => session.pass(rule::S_BIG, ""),
            Ok(answer) if answer.status < 500 => session.warn(rule::S_BIG, answer.brief()),
            other => session.fail(rule::S_BIG, brief(&other)),
        }
    }

    fn times(&self) {
        let mut times = self.times.clone();
        times.sort_unstable();
        let (Some(median), Some(worst)) = (times.get(times.len() / 2), times.last()) else {
            return;
        };
        let (median, worst) = (median.as_secs_f64(), worst.as_secs_f64());
        let came =
            format!("median {median:.2} s, longest {worst:.2} s of {} generations", times.len());
        let slow = match self.kind {
            Some(Kind::Mesh) => median > 90.0 || worst > 180.0,
            _ => worst > 30.0,
        };
        let outcome = if slow { super::Outcome::Warn } else { super::Outcome::Pass };
        self.session.record(rule::S_TIME, outcome, came);
    }
}

/// What a file is by its first bytes.
fn kind_of(model: &[u8]) -> Option<Kind> {
    match model {
        [b'p', b'l', b'y', b'\n' | b'\r', ..] => Some(Kind::Splats),
        [b'g', b'l', b'T', b'F', ..] => Some(Kind::Mesh),
        _ => None,
    }
}
