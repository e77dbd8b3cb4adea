//! Servers of miners, and the one with the pictures of prompts.

use std::sync::Arc;
use std::time::Duration;

use arena::ports::{Web, WebError, WebLimits};
use bytes::Bytes;

use super::process::Failed;
use super::{Process, World};
use crate::fault::Op;
use crate::scenario::{Cast, PROMPTS_URL};

/// The web, as a process reaches it.
#[derive(Debug)]
pub(crate) struct Servers(pub(crate) Arc<Process>);

impl World {
    /// What is at a URL now.
    fn page(&self, url: &str) -> Result<Bytes, WebError> {
        if let Some(name) = url.strip_prefix(PROMPTS_URL) {
            return Ok(Bytes::from(format!("picture of {name}")));
        }
        let found = self.scenario.served(url).ok_or(WebError::Status(404))?;
        match found.miner.cast {
            Cast::Silent => Err(WebError::Kind("timeout")),
            Cast::Endless => Err(WebError::TooLarge),
            _ => Ok(found.asset()),
        }
    }
}

impl Web for Servers {
    fn get<'a>(
        &'a self,
        url: &'a str,
        limits: &'a WebLimits,
    ) -> ::chain::Pending<'a, Result<Bytes, WebError>> {
        let world = &self.0.world;
        let (began, limits) = (world.executor.now(), *limits);
        let owned = url.to_owned();
        Box::pin(async move {
            let page = self.0.effect(Op::Fetch, url, move |world| world.page(&owned));
            // The caller gives up when its time is over, however long the server takes.
            let time = world.executor.sleep(limits.time_max);
            let page = match futures_util::future::select(Box::pin(page), Box::pin(time)).await {
                futures_util::future::Either::Left((page, _)) => page,
                futures_util::future::Either::Right(_) => return Err(WebError::Kind("timeout")),
            };
            match page {
                Err(Failed::Torn) => Err(WebError::Kind("body")),
                Err(_) => Err(WebError::Status(503)),
                Ok(Err(WebError::Kind("timeout"))) => {
                    let left = (began + limits.time_max).saturating_sub(world.executor.now());
                    world.executor.sleep(left.max(Duration::from_millis(1))).await;
                    Err(WebError::Kind("timeout"))
                }
                Ok(Ok(body)) if body.len() > limits.bytes_max => Err(WebError::TooLarge),
                Ok(answer) => answer,
            }
        })
    }
}
