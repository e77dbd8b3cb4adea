//! The batch contract: a list of picture URLs in, a ZIP of modules out.

mod bodies;
mod pod;
mod repeats;
mod results;
mod running;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::{Instant, sleep};

use super::archive::Archive;
use super::prompts::{Prompts, Serve};
use super::{CheckError, Session, Stop, pictures, rule};
use crate::wire::batch::State;
use pod::Want;

/// Seeds of rounds go up to here.
const SEED: u64 = 4_294_967_295;
/// Prompts of a round, and of one of its batches, with their limits in seconds.
const ROUND: (f64, f64) = (128.0, 7200.0);
const BATCH: (f64, f64) = (32.0, 3600.0);

/// What the batches so far have shown.
struct Batches<'a> {
    session: &'a Session<'a>,
    prompts: Prompts,
    /// Stems of all earlier batches.
    earlier: BTreeSet<String>,
    /// Numbers batches.
    count: u32,
    /// Whether a picture was ever asked for.
    fetches: bool,
    /// The state between batches.
    idle: State,
    /// Of every batch: the largest, or a small one if that is refused.
    seed: u64,
}

/// A batch as it is sent.
#[derive(Debug, Clone)]
struct Sent {
    stems: Vec<String>,
    /// Where the pictures are on our server, in the order of the stems.
    paths: Vec<String>,
    urls: Vec<String>,
    seed: u64,
    batch_id: Option<String>,
}

impl Sent {
    fn body(&self) -> serde_json::Value {
        let prompt = |(stem, url)| json!({ "stem": stem, "image_url": url });
        let prompts: Vec<_> = self.stems.iter().zip(&self.urls).map(prompt).collect();
        let mut body = json!({ "prompts": prompts, "seed": self.seed });
        if let Some(id) = &self.batch_id {
            body["batch_id"] = json!(id);
        }
        body
    }

    fn set(&self) -> BTreeSet<String> {
        self.stems.iter().cloned().collect()
    }
}

pub(super) async fn check(session: &Session<'_>) -> Result<(), Stop> {
    let (bind, reach) = (session.config.prompts_bind, &session.config.prompts_reach);
    let prompts =
        Prompts::start(bind, reach).await.map_err(|error| CheckError::Prompts(bind, error))?;
    let mut batches = Batches {
        session,
        prompts,
        earlier: BTreeSet::new(),
        count: 0,
        fetches: false,
        idle: State::Complete,
        seed: SEED,
    };
    batches.start().await?;
    let first = batches.first().await?;
    batches.bad_pictures().await?;
    if !session.config.quick {
        batches.bodies().await?;
        batches.all_failed().await?;
        batches.once_more(&first).await?;
        batches.identity(&first).await?;
    }
    Ok(())
}

impl Batches<'_> {
    /// A new batch with these pictures; every batch has its own stems and addresses.
    fn batch(&mut self, pictures: Vec<Serve>) -> Sent {
        self.count += 1;
        let (token, count) = (&self.session.config.token, self.count);
        let stems = (0..pictures.len()).map(|idx| format!("{token}b{count}p{idx}")).collect();
        self.with_stems(stems, pictures)
    }

    /// The same stems with pictures at new addresses.
    fn with_stems(&mut self, stems: Vec<String>, pictures: Vec<Serve>) -> Sent {
        self.count += 1;
        let count = self.count;
        let paths: Vec<_> = stems.iter().map(|stem| format!("/{count}/{stem}.jpg")).collect();
        let urls =
            paths.iter().zip(pictures).map(|(path, it)| self.prompts.put(path, it)).collect();
        Sent { stems, paths, urls, seed: self.seed, batch_id: None }
    }

    /// From the first answer to a service that takes batches.
    async fn start(&mut self) -> Result<(), Stop> {
        let session = self.session;
        session.say("waiting until it is ready");
        let begun = Instant::now();
        let mut asked_early = false;
        loop {
            let early_health = session.health().await;
            let seen = self.poll(None).await;
            let state = seen.as_ref().map(|seen| seen.state);
            match (&early_health, state) {
                (Ok(_), _) => session.pass(rule::B_HEALTH, state.map_or("", State::name)),
                (Err(came), Ok(_)) => session.fail(rule::B_HEALTH, came),
                (Err(_), Err(_)) => {}
            }
            match state {
                Ok(State::Ready | State::Complete) => {
                    let took = begun.elapsed().as_secs_f64();
                    session.pass(rule::B_READY, format!("after {took:.1} s"));
                    break;
                }
                Ok(State::WarmingUp) if !asked_early => {
                    asked_early = true;
                    self.before_ready().await;
                }
                Ok(State::Replace) => {
                    let why = "the service asks to be replaced by another pod".to_owned();
                    return Err(Stop::Because(why));
                }
                Ok(_) => {}
                Err(came) => session.is_there(came)?,
            }
            if begun.elapsed() > session.limits().warm_up {
                let came = seen.map_or_else(|came| came, |seen| format!("still {}", seen.state));
                session.fail(rule::B_READY, &came);
                return Err(Stop::Because(format!("it never gets ready: {came}")));
            }
            sleep(session.limits().poll).await;
        }
        if !asked_early {
            session.skip(rule::B_WARMING, "it was warm when the check began; see --image-cmd");
        }
        self.plain_status().await;
        Ok(())
    }

    /// A batch of good pictures, with everything that can be asked while it is worked on.
    async fn first(&mut self) -> Result<Sent, Stop> {
        let session = self.session;
        session.say("the first batch");
        if self.poll(None).await.is_ok_and(|seen| seen.state == State::Ready) {
            self.results_early(State::Ready).await;
        }
        let vase = pictures::vase().bytes;
        let held = || Serve::Held(pictures::toadstool().bytes);
        let mut sent = self.batch(vec![Serve::Picture(vase), held(), held()]);
        self.prompts.hold();
        let begun = Instant::now();
        let came = self.submit(&sent).await;
        match came {
            Ok(()) => session.pass(rule::B_SEED, ""),
            Err(came) => {
                self.seed = 7;
                sent.seed = 7;
                if let Err(also) = self.submit(&sent).await {
                    session.fail(rule::B_ACCEPT, also);
                    return Err(Stop::Because(format!("no batch is accepted: {came}")));
                }
                session.fail(rule::B_SEED, came);
            }
        }
        let goes_on = self.while_running(&mut sent).await?;
        if session.has_failed(rule::B_AT_ONCE) {
            self.wait_for_late_start(&sent).await;
        }
        self.prompts.release();
        if goes_on {
            self.finish(Some(&sent), Want::Complete).await?;
        }
        let took = begun.elapsed();
        self.note_fetches(&sent);
        self.complete(&sent, took).await?;
        self.earlier.extend(sent.set());
        Ok(sent)
    }

    /// Remembers whether pictures are fetched at all.
    fn note_fetches(&mut self, sent: &Sent) {
        self.fetches |= sent.paths.iter().any(|path| self.prompts.asked(path) > 0);
    }

    /// One good picture among bad ones.
    async fn bad_pictures(&mut self) -> Result<(), Stop> {
        let session = self.session;
        session.say("a batch with pictures that cannot be had");
        if !self.fetches {
            let why = "pictures are not fetched, or not from us: see B13c";
            session.skip(rule::B_BAD_PICTURE, why);
            session.skip(rule::B_ENDLESS, why);
        }
        let vase = pictures::vase().bytes;
        let mut serves =
            vec![Serve::Picture(vase.clone()), Serve::Missing, Serve::Page, Serve::Missing];
        let with_endless = !session.config.quick && self.fetches;
        if with_endless {
            serves.push(Serve::Endless(vase));
        }
        let mut sent = self.batch(serves);
        // Port 9 is "discard": nothing listens there.
        sent.urls[3] = "http://127.0.0.1:9/nothing.jpg".to_owned();
        self.prompts.hold();
        match self.submit(&sent).await {
            Ok(()) => session.pass(rule::B_NEXT, ""),
            Err(came) => {
                session.fail(rule::B_NEXT, &came);
                return Err(Stop::Because(format!("no second batch is accepted: {came}")));
            }
        }
        if with_endless {
            self.wait_for_endless(&sent).await?;
        }
        self.prompts.release();
        self.finish(Some(&sent), Want::Next).await?;
        let Some(archive) = self.archive(&sent).await else { return Ok(()) };
        self.earlier.extend(sent.set());
        if !self.fetches {
            return Ok(());
        }
        self.judge_bad_pictures(&sent, &archive);
        Ok(())
    }

    /// The first prompt is good, the others are not.
    fn judge_bad_pictures(&self, sent: &Sent, archive: &Archive) {
        let session = self.session;
        let good = &sent.stems[0];
        let causes = [rule::B_MODULES, rule::B_ONCE, rule::B_CAPS];
        if archive.modules.contains_key(good) {
            session.pass(rule::B_BAD_PICTURE, "");
        } else if let Some(cause) = causes.into_iter().find(|rule| session.has_failed(*rule)) {
            session.skip(rule::B_BAD_PICTURE, format!("good prompts fail too: see {}", cause.code));
        } else {
            let reason = archive.failed.get(good).map_or("no module", String::as_str);
            session.fail(rule::B_BAD_PICTURE, format!("the good prompt failed too: {reason}"));
        }
        let bad = ["404", "a page", "no connection", "a picture without end"];
        for (stem, what) in sent.stems[1..].iter().zip(bad) {
            let was_let_end = what == bad[3] && session.has_failed(rule::B_ENDLESS);
            if archive.modules.contains_key(stem) && !was_let_end {
                session.warn(rule::B_BAD_PICTURE, format!("a module was made of: {what}"));
            }
        }
    }

    /// Until the batch is complete although one picture never ends.
    async fn wait_for_endless(&mut self, sent: &Sent) -> Result<(), Stop> {
        let session = self.session;
        let begun = Instant::now();
        let limit = session.limits().endless;
        while begun.elapsed() < limit {
            if self.poll(Some(sent)).await.is_ok_and(|seen| seen.state == State::Complete) {
                let took = begun.elapsed().as_secs_f64();
                session.pass(rule::B_ENDLESS, format!("complete after {took:.1} s"));
                return Ok(());
            }
            sleep(session.limits().poll).await;
        }
        session.fail(rule::B_ENDLESS, format!("still waited for after {} s", limit.as_secs_f64()));
        Ok(())
    }

    async fn all_failed(&mut self) -> Result<(), Stop> {
        let session = self.session;
        if !self.fetches {
            session.skip(rule::B_ALL_FAILED, "pictures are not fetched, so none can be missing");
            return Ok(());
        }
        session.say("a batch of which nothing can succeed");
        let sent = self.batch(vec![Serve::Missing, Serve::Page]);
        if let Err(came) = self.submit(&sent).await {
            session.fail(rule::B_ALL_FAILED, format!("not accepted: {came}"));
            return Ok(());
        }
        self.finish(Some(&sent), Want::AllFailed).await?;
        self.earlier.extend(sent.set());
        let found = match self.fetch().await {
            Ok(answer) if answer.is_success() => {
                super::archive::read(&answer.body, Default::default())
            }
            other => {
                session.fail(rule::B_ALL_FAILED, super::http::brief(&other));
                return Ok(());
            }
        };
        let was_made = sent.stems.iter().any(|stem| found.named.contains(stem));
        if found.is_unreadable || session.has_failed(rule::B_CAPS) {
            session.skip(rule::B_ALL_FAILED, "archives cannot be read: see B18");
        } else if found.named.is_empty() && !found.has_manifest {
            session.fail(rule::B_ALL_FAILED, "an empty archive");
        } else if !was_made {
            session.pass(rule::B_ALL_FAILED, "");
        } else {
            session.warn(rule::B_ALL_FAILED, "modules were made without a picture");
        }
        Ok(())
    }

    fn pace(&self, prompts: usize, took: Duration) {
        let each = took.as_secs_f64() / prompts.max(1) as f64;
        let came = format!("{each:.1} s for each of {prompts} prompts");
        let slow = [ROUND, BATCH].iter().any(|(prompts, limit)| each * prompts > *limit);
        let outcome = if slow { super::Outcome::Warn } else { super::Outcome::Pass };
        self.session.record(rule::B_TIME, outcome, came);
    }
}
