//! A question to a model, and the body of its request: a pure function of question, model and attempt.

use ledger::json::{Json, Object, Style, float_json, write_string};
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
    /// Unique in a duel: `s1_prompt_match/front_left/ab`, `control_s1_prompt_match/ab` …
    pub(crate) label: String,
    pub(crate) system: &'static str,
    pub(crate) parts: Vec<Part>,
    pub(crate) schema: Schema,
    /// Malformed answers are asked for again, so often in all.
    pub(crate) attempts: u32,
    pub(crate) tokens_max: u32,
    /// Of the first attempt; it grows with attempts.
    pub(crate) seed: u64,
    /// It shows nothing of a second model: the answer serves other duels too.
    pub(crate) shared: bool,
}

impl Question {
    /// Name of the answer's format, as the original calls it. A control is one of the questions that it stands in for.
    fn format(&self) -> String {
        let mut parts = self.label.split('/');
        let kind = parts.next().unwrap_or_default();
        let kind = match kind.split_once('_').filter(|(word, _)| CONTROLS.contains(word)) {
            Some((_, kind)) => kind,
            None => kind,
        };
        match (kind, parts.next()) {
            ("s2bv" | "s2ac" | "s3_gray", Some(order)) => format!("{kind}_{order}-response"),
            _ => format!("{kind}-response"),
        }
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
        let mut body = Body(String::with_capacity(4096));
        body.is("{\"model\": ").says(&model.name);
        body.is(", \"messages\": [{\"role\": \"system\", \"content\": ").says(self.system);
        body.is("}, {\"role\": \"user\", \"content\": [");
        for (n, part) in self.parts.iter().enumerate() {
            body.is(if n == 0 { "" } else { ", " });
            match part {
                Part::Text(text) => body.is("{\"type\": \"text\", \"text\": ").says(text).is("}"),
                Part::Picture(url) => body
                    .is("{\"type\": \"image_url\", \"image_url\": {\"url\": ")
                    .says(&picture(url))
                    .is("}}"),
            };
        }
        body.is("]}], \"temperature\": ").is(&float_json(temperature(attempt)));
        body.is(", \"seed\": ").is(&(u128::from(self.seed) + u128::from(attempt)).to_string());
        body.is(", \"max_tokens\": ").is(&self.tokens_max.to_string());
        body.is(", \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": ");
        body.says(&self.format()).is(", \"schema\": ").is(&self.schema.text()).is("}}}");
        body.0
    }
}

/// JSON in one line, as it grows.
struct Body(String);

impl Body {
    /// JSON as it stands.
    fn is(&mut self, json: &str) -> &mut Self {
        self.0.push_str(json);
        self
    }

    /// A string.
    fn says(&mut self, text: &str) -> &mut Self {
        write_string(&mut self.0, text, Style::Line);
        self
    }
}

/// What labels of controls begin with, before `_` and the kind of question that they stand in for.
pub(crate) const CONTROLS: [&str; 2] = ["control", "plain"];

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
    faster_hex::hex_string(&Sha256::digest(bytes))
}
