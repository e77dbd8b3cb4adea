//! A question to a model, and the body of its request: a pure function of question, model and attempt.

use ledger::json::{Json, Object, Style, write};
use sha2::{Digest as _, Sha256};

use super::Model;
use super::schema::Schema;

/// Part of what a question shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    Text(String),
    /// URL of a picture.
    Picture(String),
}

/// A question to a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    /// Unique in a duel: `s1_prompt_match/front_left/ab` …
    pub(crate) label: String,
    pub(crate) system: &'static str,
    pub(crate) parts: Vec<Part>,
    pub(crate) schema: Schema,
    /// Malformed answers are asked for again, so often in all.
    pub(crate) attempts: u32,
    pub(crate) tokens_max: u32,
    pub(crate) seed: u64,
    /// It shows nothing of a second model: the answer serves other duels too.
    pub(crate) shared: bool,
}

impl Question {
    /// Name of the answer's format: the first part of the label.
    fn format(&self) -> String {
        let kind = self.label.split('/').next().unwrap_or(&self.label);
        format!("{kind}-response")
    }

    /// URLs of its pictures, in order.
    pub(crate) fn pictures(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Picture(url) => Some(url.as_str()),
            Part::Text(_) => None,
        })
    }

    /// The request's body. `picture` turns a URL into what stands for the picture.
    pub(crate) fn body(
        &self,
        model: &Model,
        attempt: u32,
        picture: impl Fn(&str) -> String,
    ) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => object([("type", "text".into()), ("text", text.as_str().into())]),
            Part::Picture(url) => {
                let url = object([("url", Json::String(picture(url)))]);
                object([("type", "image_url".into()), ("image_url", url)])
            }
        };
        let system = object([("role", "system".into()), ("content", self.system.into())]);
        let parts = Json::Array(self.parts.iter().map(part).collect());
        let user = object([("role", "user".into()), ("content", parts)]);
        let schema =
            object([("name", Json::String(self.format())), ("schema", self.schema.json())]);
        let body = object([
            ("model", model.name.as_str().into()),
            ("messages", Json::Array(vec![system, user])),
            ("temperature", Json::float(temperature(attempt))),
            ("seed", Json::int(i128::from(self.seed + u64::from(attempt) + SEED_OFFSET))),
            ("max_tokens", Json::int(i128::from(self.tokens_max))),
            ("response_format", object([("type", "json_schema".into()), ("json_schema", schema)])),
        ]);
        write(&body, Style::Line)
    }
}

/// Between the seed of a question and that of its first request.
const SEED_OFFSET: u64 = 100;

/// 0 at first, so that answers are as alike as can be; then 0.15, 0.2 … so that they are not malformed in the same way.
fn temperature(attempt: u32) -> f64 {
    if attempt == 0 { 0.0 } else { f64::from(10 + 5 * attempt.min(100)) / 100.0 }
}

/// An object of members in this order.
pub(crate) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
    Json::Object(
        members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Object>(),
    )
}

/// SHA-256 in hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
