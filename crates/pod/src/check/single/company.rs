//! More than one client: the next one while a body streams, two at once, ones that leave, ones that are slow.

use std::io;

use bytes::Bytes;
use tokio::time::timeout;

use super::Single;
use crate::check::form::Form;
use crate::check::http::brief;
use crate::check::raw::{Head, Raw, authority};
use crate::check::{pictures, rule};

/// Why a check byte by byte is left out.
const NOT_PLAIN: &str = "only over plain HTTP: the service is behind TLS";

/// Most bytes that are read of a body to see whether it is too long.
const COUNT_MAX: usize = 256 << 20;

impl Single<'_> {
    /// `POST /generate` byte by byte, and how many of its bytes are the form's.
    fn request(&self, host: &str, path: &str) -> (Vec<u8>, usize) {
        let form = Form::good(&pictures::vase(), 0);
        let kind = Form::TYPE;
        let head = format!(
            "POST {path}/generate HTTP/1.1\r\nhost: {host}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            form.len()
        );
        let length = form.len();
        ([head.into_bytes(), form].concat(), length)
    }

    /// Headers are read, the body is not; another request must be worked on meanwhile.
    pub(super) async fn next_while_streaming(&self) {
        let session = self.session;
        session.say("another request while a body streams");
        let Some((host, path)) = authority(session.http.base()) else {
            return session.skip(rule::S_NEXT, NOT_PLAIN);
        };
        let opened = async {
            let mut raw = Raw::connect(&host, session.limits().generation).await?;
            raw.send(&self.request(&host, &path).0).await?;
            let head = raw.head().await?;
            io::Result::Ok((raw, head))
        };
        let (mut raw, head) = match opened.await {
            Ok(opened) => opened,
            Err(error) => return session.fail(rule::S_NEXT, format!("the first request: {error}")),
        };
        if head.status / 100 != 2 {
            return session.fail(rule::S_NEXT, format!("the first request: {}", head.status));
        }
        match self.shoot_soon(&pictures::vase(), 0).await {
            Ok(_) => session.pass(rule::S_NEXT, ""),
            Err(came) => session.fail(rule::S_NEXT, format!("the second request: {came}")),
        }
        self.length(&mut raw, &head).await;
    }

    /// The rest of a body whose headers were read: not shorter than it says, and not longer, which clients do not see.
    async fn length(&self, raw: &mut Raw, head: &Head) {
        let session = self.session;
        let said = head.header("content-length").and_then(|length| length.parse::<usize>().ok());
        let count = match timeout(self.soon(), raw.count(COUNT_MAX)).await {
            Ok(Ok(count)) => count,
            Ok(Err(error)) => {
                return session.fail(rule::S_NEXT, format!("the first body: {error}"));
            }
            Err(_) => return session.fail(rule::S_NEXT, "the first body never came to its end"),
        };
        if let Some(said) = said.filter(|said| *said != count) {
            session.fail(rule::S_LENGTH, format!("Content-Length: {said}, but {count} bytes come"));
        }
    }

    pub(super) async fn two_at_once(&self, first: &Bytes) {
        let session = self.session;
        session.say("two requests at once");
        let (vase, toadstool) = (pictures::vase(), pictures::toadstool());
        let (a, b) = tokio::join!(self.shoot(&vase, 0), self.shoot(&toadstool, 0));
        let both = match (&a, &b) {
            (Ok(a), Ok(b)) if a.is_success() && b.is_success() => Some((&a.body, &b.body)),
            _ => None,
        };
        let Some((a, b)) = both else {
            let came = format!("one: {}; other: {}", status(&a), status(&b));
            session.skip(rule::S_MIXED, "not both were answered");
            return session.fail(rule::S_TWO, came);
        };
        session.pass(rule::S_TWO, "");
        if a != b {
            return if b == first {
                session.fail(rule::S_MIXED, "the second got the model of the first one's picture");
            } else {
                session.pass(rule::S_MIXED, "");
            };
        }
        match self.shoot_soon(&toadstool, 0).await {
            Ok(alone) if alone.body == first => {
                session.warn(
                    rule::S_MIXED,
                    "both pictures give the same model, also one after the other",
                );
            }
            Ok(_) => session.fail(rule::S_MIXED, "both got one model, but not one after the other"),
            Err(came) => session.skip(rule::S_MIXED, came),
        }
    }

    pub(super) async fn leave_early(&self) {
        let session = self.session;
        session.say("a client that leaves early");
        let (a_moment, vase) = (session.limits().poll / 4, pictures::vase());
        for _ in 0..2 {
            let ask = self.ask(Form::good(&vase, 0));
            timeout(a_moment, session.http.exchange(ask)).await.ok();
        }
        match self.shoot_soon(&vase, 0).await {
            Ok(_) => session.pass(rule::S_LEFT, ""),
            Err(came) => session.fail(rule::S_LEFT, came),
        }
    }

    pub(super) async fn slow_upload(&self) {
        let session = self.session;
        session.say("an upload that stands still");
        let Some((host, path)) = authority(session.http.base()) else {
            return session.skip(rule::S_SLOW, NOT_PLAIN);
        };
        let opened = async {
            let mut raw = Raw::connect(&host, session.limits().generation).await?;
            let (request, form_length) = self.request(&host, &path);
            raw.send(&request[..request.len() - form_length / 2]).await?;
            io::Result::Ok(raw)
        };
        let raw = match opened.await {
            Ok(raw) => raw,
            Err(error) => return session.skip(rule::S_SLOW, format!("half a form: {error}")),
        };
        match (session.health().await, self.shoot_soon(&pictures::vase(), 0).await) {
            (Err(came), _) => session.fail(rule::S_SLOW, format!("/health: {came}")),
            (_, Err(came)) => session.fail(rule::S_SLOW, came),
            _ => session.pass(rule::S_SLOW, ""),
        }
        drop(raw);
    }
}

fn status(exchange: &crate::check::http::Exchange) -> String {
    exchange.as_ref().map_or_else(|_| brief(exchange), |answer| answer.status.to_string())
}
