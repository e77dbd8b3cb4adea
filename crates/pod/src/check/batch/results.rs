//! What a complete batch gives: the archive, again and again, through broken connections, and repeats of the request.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::sleep;

use super::{Batches, Sent};
use crate::check::archive::{self, Archive};
use crate::check::http::{Answer, brief};
use crate::check::raw::{Raw, authority};
use crate::check::report::Outcome;
use crate::check::{Stop, rule};
use crate::wire::Kind;
use crate::wire::batch::{Caps, State};

impl Batches<'_> {
    /// Everything that can be asked of the results of a batch whose pictures are all good.
    pub(super) async fn complete(&mut self, sent: &Sent, took: Duration) -> Result<(), Stop> {
        let session = self.session;
        session.say("the results");
        session.pass(rule::B_ENDS, "");
        self.pace(sent.stems.len(), took);
        let fetched = self.fetch().await;
        let answer = match fetched {
            Ok(answer) if answer.status == 200 && answer.cut.is_none() => answer,
            other => {
                let came = match &other {
                    Ok(Answer { cut: Some(why), status, .. }) => format!("{status}, then: {why}"),
                    _ => brief(&other),
                };
                session.fail(rule::B_TYPE, &came);
                return Err(Stop::Because(format!("no results: {came}")));
            }
        };
        self.transfer(&answer);
        let archive = self.examine(&answer.body, sent);
        self.modules(sent, &archive).await;
        self.fetched(sent, &archive);
        self.stable(&answer.body).await;
        if session.has_failed(rule::B_BROKEN) {
            for rule in [rule::B_AGAIN_DONE, rule::B_SLOW] {
                session.skip(rule, "the results are gone after a broken download: see B11b");
            }
            return Ok(());
        }
        self.again_when_complete(sent, &answer.body).await;
        self.slow_reader(&answer.body).await;
        Ok(())
    }

    fn transfer(&self, answer: &Answer) {
        let session = self.session;
        let kind = answer.content_type();
        let outcome = if kind == "application/zip" { Outcome::Pass } else { Outcome::Fail };
        session.record(rule::B_TYPE, outcome, format!("{} {kind}", answer.status));
        match answer.content_length() {
            Some(length) => session.fail(rule::B_CHUNKED, format!("Content-Length: {length}")),
            None if answer.is_chunked() => session.pass(rule::B_CHUNKED, ""),
            None => session.warn(
                rule::B_CHUNKED,
                "neither chunks nor a length: the end of the connection ends the body",
            ),
        }
    }

    /// Reads an archive and holds it to the rules.
    fn examine(&self, bytes: &Bytes, sent: &Sent) -> Archive {
        let session = self.session;
        let mut archive = archive::read(bytes, Caps::default());
        let is_readable =
            !archive.is_unreadable && (archive.has_manifest || !archive.named.is_empty());
        if is_readable {
            archive.compare(&sent.set(), &self.earlier);
        } else if !archive.is_unreadable {
            session.fail(rule::B_ONCE, "an empty archive");
        }
        for (rule, outcome, came) in &archive.faults {
            session.record(*rule, *outcome, came);
        }
        if is_readable {
            for rule in [
                rule::B_DEFLATE,
                rule::B_ONCE,
                rule::B_NO_MANIFEST,
                rule::B_STRANGERS,
                rule::B_CAPS,
            ] {
                session.pass(rule, "");
            }
        }
        archive
    }

    /// The archive of a batch after the first, if there is one.
    pub(super) async fn archive(&self, sent: &Sent) -> Option<Archive> {
        match self.fetch().await {
            Ok(answer) if answer.is_success() => {
                let archive = self.examine(&answer.body, sent);
                (!archive.is_unreadable).then_some(archive)
            }
            other => {
                self.session.fail(rule::B_STABLE, brief(&other));
                None
            }
        }
    }

    /// Are the modules valid, and were any made?
    async fn modules(&self, sent: &Sent, archive: &Archive) {
        let session = self.session;
        for stem in &sent.stems {
            if let Some(reason) = archive.failed.get(stem).filter(|_| !archive.named.contains(stem))
            {
                let fetched = sent.paths.iter().any(|path| self.prompts.asked(path) > 0);
                if fetched {
                    session.fail(
                        rule::B_MODULES,
                        format!("{stem}, whose picture is good, failed: {reason}"),
                    );
                }
            }
            let Some(module) = archive.modules.get(stem) else { continue };
            match session.breaches(Kind::Module, &Bytes::copy_from_slice(module)).await.as_slice() {
                [] => session.pass(rule::B_MODULES, ""),
                breaches => {
                    session.fail(rule::B_MODULES, format!("{stem}: {}", breaches.join("; ")));
                }
            }
        }
    }

    /// Were the pictures fetched?
    fn fetched(&self, sent: &Sent, archive: &Archive) {
        let session = self.session;
        let asked = sent.paths.iter().filter(|path| self.prompts.asked(path) > 0).count();
        let (all, base) = (sent.paths.len(), self.prompts.base());
        if asked == all {
            session.pass(rule::B_FETCHED, "");
        } else if asked > 0 {
            session.fail(rule::B_FETCHED, format!("{asked} of {all} pictures"));
        } else if archive.modules.is_empty() {
            let reason = archive.failed.values().next().map_or("no reason given", String::as_str);
            session.fail(
                rule::B_FETCHED,
                format!("no request came to {base}, and every prompt failed: {reason}"),
            );
        } else {
            session.warn(
                rule::B_FETCHED,
                format!("no request came to {base}; modules were made without pictures"),
            );
        }
    }

    async fn stable(&self, bytes: &Bytes) {
        let session = self.session;
        match self.fetch().await {
            Ok(answer) if answer.body == bytes => session.pass(rule::B_STABLE, ""),
            Ok(answer) if answer.is_success() => {
                session.fail(rule::B_STABLE, "the second download has other bytes");
                // Nothing to compare with.
                return session.skip(rule::B_BROKEN, "downloads differ anyway");
            }
            other => return session.fail(rule::B_STABLE, brief(&other)),
        }
        session.http.break_off(self.results()).await.ok();
        // The service has to notice first.
        sleep(session.limits().poll).await;
        match self.fetch().await {
            Ok(answer) if answer.body == bytes => session.pass(rule::B_BROKEN, ""),
            Ok(answer) if answer.is_success() => session.fail(rule::B_BROKEN, "other bytes"),
            other => session.fail(rule::B_BROKEN, brief(&other)),
        }
    }

    /// The same batch again: 200, still complete, same results.
    async fn again_when_complete(&mut self, sent: &Sent, bytes: &Bytes) {
        let session = self.session;
        let exchange = self.post(sent.body().to_string()).await;
        if !matches!(&exchange, Ok(answer) if answer.status == 200) {
            return session.fail(rule::B_AGAIN_DONE, brief(&exchange));
        }
        for _ in 0..3 {
            match self.poll(None).await {
                Ok(seen) if seen.state != State::Complete => {
                    session.fail(rule::B_AGAIN_DONE, format!("it is {} again", seen.state));
                    self.finish(Some(sent), super::Want::Complete).await.ok();
                    return;
                }
                _ => sleep(session.limits().poll / 10).await,
            }
        }
        if session.has_failed(rule::B_STABLE) {
            return session.pass(rule::B_AGAIN_DONE, "");
        }
        match self.fetch().await {
            Ok(answer) if answer.body == bytes => session.pass(rule::B_AGAIN_DONE, ""),
            Ok(answer) => {
                session.fail(rule::B_AGAIN_DONE, format!("other results ({})", answer.status));
            }
            silent => session.fail(rule::B_AGAIN_DONE, brief(&silent)),
        }
    }

    /// A client that takes the headers of the results and then nothing more.
    async fn slow_reader(&mut self, bytes: &Bytes) {
        let session = self.session;
        let Some((host, path)) = authority(session.http.base()) else {
            return session.skip(rule::B_SLOW, "only over plain HTTP: the service is behind TLS");
        };
        let patience = session.limits().patience;
        let opened = async {
            let mut raw = Raw::connect(&host, patience * 3).await?;
            let ask =
                format!("GET {path}/results HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            raw.send(ask.as_bytes()).await?;
            raw.head().await?;
            io::Result::Ok(raw)
        };
        let raw = match opened.await {
            Ok(raw) => raw,
            Err(error) => {
                return session.fail(rule::B_SLOW, format!("the first download: {error}"));
            }
        };
        let status = self.poll(None).await;
        let second = tokio::time::timeout(patience, self.fetch()).await;
        match (status, second) {
            (Err(came), _) => session.fail(rule::B_SLOW, format!("/status: {came}")),
            (_, Ok(Ok(answer))) if answer.body.len() == bytes.len() => {
                session.pass(rule::B_SLOW, "");
            }
            (_, Ok(exchange)) => {
                session.fail(rule::B_SLOW, format!("/results: {}", brief(&exchange)));
            }
            (_, Err(_)) => {
                let seconds = patience.as_secs_f64();
                session.fail(rule::B_SLOW, format!("/results: no end within {seconds} s"));
            }
        }
        drop(raw);
    }
}
