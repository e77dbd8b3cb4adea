//! Questions to a vision-language model behind an OpenAI-compatible endpoint.
//!
//! A judge says what it wants to know as `question::Question`s; an `interview::Interview` asks them, again where an answer is malformed,
//! and keeps every call as evidence. Who answers is a [`Chat`]: an [`Endpoint`], or a script.

pub(crate) mod control;
mod endpoint;
mod given;
pub(crate) mod interview;
pub(crate) mod pair;
pub(crate) mod question;
pub(crate) mod schema;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use endpoint::{Endpoint, EndpointError, EndpointSettings};
pub use given::EndpointGiven;
pub use schema::ANSWER_BYTES_MAX;
pub(crate) use schema::{Penalties, Verification};

use crate::{JudgeError, Outcome, Pending};

/// Someone who answers requests for chat completions.
pub trait Chat: Send + Sync + fmt::Debug {
    /// Answers one request, with a limit of its own on the time that takes.
    ///
    /// # Errors
    ///
    /// [`JudgeError::Outage`]: it does not answer now; [`JudgeError::Broken`]: it never will. A request that it will not answer,
    /// or answers with nonsense, is no error but an [`Outcome`].
    fn ask<'a>(&'a self, request: &'a Request) -> Pending<'a, Result<Reply, JudgeError>>;
}

/// A request for a chat completion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Which question: `s1_prompt_match/front_left/ab` …; not part of what is sent.
    pub label: String,
    /// From 0; not part of what is sent, but temperature and seed follow it.
    pub attempt: u32,
    /// JSON, as it is sent.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The model's text, or that there is none for good.
    pub outcome: Outcome,
    /// From request to answer, all tries of the connection included.
    pub latency: Duration,
}

/// The model that is asked, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// The name that the endpoint knows it by.
    pub name: String,
    /// Revision of its weights: evidence names it.
    pub revision: Option<String>,
    /// How it is served (image, version, flags), in the operator's words: evidence names it.
    pub server: Option<String>,
    /// How pictures reach it.
    pub pictures: PicturesBy,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            name: "glm-4.6v-flash".into(),
            revision: None,
            server: None,
            pictures: PicturesBy::Url,
        }
    }
}

impl Model {
    /// Name and revision, as [`crate::Description::model`] has them.
    pub(crate) fn full_name(&self) -> String {
        let revision = self.revision.as_ref().map(|revision| format!("@{revision}"));
        format!("{}{}", self.name, revision.unwrap_or_default())
    }
}

/// How pictures reach the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PicturesBy {
    /// By their URL: the endpoint fetches them, and has to be able to.
    #[default]
    Url,
    /// Inside of the request, as data URLs: the judge fetches them.
    Data,
}

/// Text of strangers for a message: one line of at most 200 characters.
pub(crate) fn clean(text: &str) -> String {
    const CHARS_MAX: usize = 200;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let plain: String = plain.take(4 * CHARS_MAX).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(CHARS_MAX).collect()
}
