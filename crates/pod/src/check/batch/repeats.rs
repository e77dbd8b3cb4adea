//! The same stems once more: after other batches they are generated anew, and under another identity too.

use tokio::time::{Instant, sleep};

use super::{Batches, Sent, Want};
use crate::check::http::brief;
use crate::check::prompts::Serve;
use crate::check::{Stop, pictures, rule};
use crate::wire::batch::State;

impl Batches<'_> {
    /// Stems of a batch before the last one, their pictures at new addresses.
    pub(super) async fn once_more(&mut self, first: &Sent) -> Result<(), Stop> {
        let session = self.session;
        session.say("an earlier batch once more");
        let vase = || Serve::Picture(pictures::vase().bytes);
        let sent = self.with_stems(first.stems.clone(), vec![vase(); first.stems.len()]);
        for stem in &first.stems {
            self.earlier.remove(stem);
        }
        if let Err(came) = self.submit(&sent).await {
            session.fail(rule::B_ANEW, format!("not accepted: {came}"));
            return Ok(());
        }
        let generating = self.finish_watching(&sent).await?;
        let fetched = sent.paths.iter().any(|path| self.prompts.asked(path) > 0);
        if fetched || (generating && !self.fetches) {
            session.pass(rule::B_ANEW, "");
        } else if self.fetches {
            session.fail(
                rule::B_ANEW,
                "complete without fetching the pictures at their new addresses",
            );
        } else {
            session.skip(
                rule::B_ANEW,
                "pictures are not fetched from us, and it is too fast to tell otherwise",
            );
        }
        Ok(())
    }

    /// The extension: `batch_id` decides, if the service echoes it.
    pub(super) async fn identity(&mut self, first: &Sent) -> Result<(), Stop> {
        let session = self.session;
        session.say("batch_id");
        let vase = || Serve::Picture(pictures::vase().bytes);
        let mut sent = self.with_stems(first.stems.clone(), vec![vase(); first.stems.len()]);
        let id = format!("{}-identity", session.config.token);
        sent.batch_id = Some(id.clone());
        let exchange = self.post(sent.body().to_string()).await;
        if session.has_failed(rule::B_AGAIN_DONE) {
            session.skip(rule::B_IDENTITY, "a batch cannot be repeated at all: see B6b");
            return Ok(());
        }
        let echo = match &exchange {
            Ok(answer) if answer.status == 200 => {
                answer.json().and_then(|body| Some(body.get("batch_id")?.as_str()? == id))
            }
            _ => {
                session.warn(
                    rule::B_IDENTITY,
                    format!("an unknown field is refused: {}", brief(&exchange)),
                );
                return Ok(());
            }
        };
        match echo {
            None => {
                session.skip(
                    rule::B_IDENTITY,
                    "the service does not echo batch_id: repeats go by stems",
                );
                // A service that ignores it may still have begun a batch.
                return self.finish_watching(&sent).await.map(drop);
            }
            Some(false) => session
                .fail(rule::B_IDENTITY, format!("another one came back: {}", brief(&exchange))),
            Some(true) => {}
        }
        let generating = self.finish_watching(&sent).await?;
        let asked =
            |batches: &Self| sent.paths.iter().map(|path| batches.prompts.asked(path)).sum::<u32>();
        if !self.fetches && !generating {
            session.skip(
                rule::B_IDENTITY,
                "pictures are not fetched from us, and it is too fast to tell otherwise",
            );
            return Ok(());
        }
        if asked(self) == 0 && self.fetches {
            session.fail(rule::B_IDENTITY, "echoed, but the same stems were not generated anew");
            return Ok(());
        }
        let before = asked(self);
        let again = self.post(sent.body().to_string()).await;
        let state = self.poll(None).await.map(|seen| seen.state);
        if !matches!(&again, Ok(answer) if answer.status == 200) {
            session.fail(rule::B_IDENTITY, format!("the same identity again: {}", brief(&again)));
        } else if state != Ok(State::Complete) || asked(self) > before {
            session.fail(rule::B_IDENTITY, "the same identity again starts over");
            self.finish(Some(&sent), Want::Complete).await?;
        } else {
            session.pass(rule::B_IDENTITY, "");
        }
        Ok(())
    }

    /// Until complete; whether it was seen generating before.
    async fn finish_watching(&mut self, sent: &Sent) -> Result<bool, Stop> {
        let begun = Instant::now();
        let mut generating = false;
        loop {
            match self.poll(Some(sent)).await {
                Ok(seen) if seen.state == State::Complete => return Ok(generating),
                Ok(seen) if seen.state == State::Generating => generating = true,
                _ => {}
            }
            if begun.elapsed() > self.session.limits().poll {
                self.finish(Some(sent), Want::Complete).await?;
                return Ok(generating);
            }
            sleep(self.session.limits().poll / 20).await;
        }
    }
}
