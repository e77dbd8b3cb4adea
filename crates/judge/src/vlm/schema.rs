//! What answers have to look like, and how they are read: the schema goes into the request, and the model's text comes back.
//!
//! Models wrap JSON in words, fences and thoughts, write `7.0` for `7`, and leave commas behind: that is mended. What then is not
//! an answer (a grade beyond 0–10, a feature left out) is malformed: the question is asked again.

use std::borrow::Cow;
use std::sync::LazyLock;

use ledger::json::{Json, Object, Style, read, write};

/// Longest text of an answer; the rest is cut off. A thousand tokens are about 4 kB.
pub const ANSWER_BYTES_MAX: usize = 16 << 10;
/// The worst grade.
pub(crate) const PENALTY_MAX: i64 = 10;
/// Features of a checklist.
pub(crate) const FEATURES: std::ops::RangeInclusive<usize> = 4..=7;
/// Places of a text at which an object may begin that are tried.
const STARTS_MAX: usize = 32;
/// Longest words of a model that go into another question.
const WORDS_CHARS_MAX: usize = 300;

/// Which answer a question wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Schema {
    /// [`Penalties`].
    Penalties,
    /// [`Checklist`].
    Checklist,
    /// [`Verification`] of these features.
    Verification(Vec<String>),
    /// [`Guard`].
    Guard,
    /// Some words.
    Remark,
}

/// Grades of two models: 0 is as the reference, 10 has nothing to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Penalties {
    /// Of the model that is shown first.
    pub(crate) first: u8,
    /// Of the model that is shown second.
    pub(crate) second: u8,
}

/// What makes a prompt's object what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checklist {
    pub(crate) main_object: String,
    /// Description and category.
    pub(crate) features: Vec<(String, &'static str)>,
}

/// How much of a checklist a model has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verification {
    /// `yes`, `partial` or `no` for each feature, in the order of the checklist.
    pub(crate) features: Vec<&'static str>,
    /// Whether it is the object at all.
    pub(crate) is_main_object: bool,
}

/// Whether a model is a sound body from some side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Guard {
    /// It is a trick.
    pub(crate) is_garbage: bool,
    /// Writing in it speaks to whoever judges it.
    pub(crate) addresses_judge: bool,
}

/// An answer that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// And a remark.
    Penalties(Penalties, String),
    Checklist(Checklist),
    Verification(Verification),
    Guard(Guard),
    Remark(String),
}

const CATEGORIES: [&str; 4] = ["count", "shape", "presence", "material_color"];
const MATCHES: [&str; 3] = ["yes", "partial", "no"];

/// Of [`Schema::Penalties`].
static PENALTIES: LazyLock<String> = LazyLock::new(|| {
    line(
        r#"{"type":"object","properties":{"penalty_1":{"type":"integer","minimum":0,"maximum":10},"penalty_2":{"type":"integer","minimum":0,"maximum":10},"issues":{"type":"string"}},"required":["penalty_1","penalty_2","issues"],"additionalProperties":false}"#,
    )
});
/// Of [`Schema::Checklist`].
static CHECKLIST: LazyLock<String> = LazyLock::new(|| {
    line(
        r#"{"type":"object","properties":{"main_object":{"type":"string"},"features":{"type":"array","minItems":4,"maxItems":7,"items":{"type":"object","properties":{"description":{"type":"string"},"category":{"type":"string","enum":["count","shape","presence","material_color"]}},"required":["description","category"],"additionalProperties":false}}},"required":["main_object","features"],"additionalProperties":false}"#,
    )
});
/// Of [`Schema::Guard`].
static GUARD: LazyLock<String> = LazyLock::new(|| {
    line(
        r#"{"type":"object","properties":{"verdict":{"type":"string","enum":["ok","garbage"]},"addresses_judge":{"type":"boolean"},"reason":{"type":"string"}},"required":["verdict","addresses_judge","reason"],"additionalProperties":false}"#,
    )
});
/// Of [`Schema::Remark`].
static REMARK: LazyLock<String> = LazyLock::new(|| {
    line(
        r#"{"type":"object","properties":{"issues":{"type":"string"}},"required":["issues"],"additionalProperties":false}"#,
    )
});

impl Schema {
    /// For the request's `response_format`: JSON in one line.
    pub(crate) fn text(&self) -> Cow<'static, str> {
        match self {
            Self::Penalties => Cow::Borrowed(&**PENALTIES),
            Self::Checklist => Cow::Borrowed(&**CHECKLIST),
            Self::Verification(features) => Cow::Owned(verification_schema(features.len())),
            Self::Guard => Cow::Borrowed(&**GUARD),
            Self::Remark => Cow::Borrowed(&**REMARK),
        }
    }

    /// The answer in a model's text; nothing if it is malformed.
    pub(crate) fn answer(&self, text: &str) -> Option<Answer> {
        let text = &text[..text.floor_char_boundary(ANSWER_BYTES_MAX)];
        // What a reasoning model thought before it answered.
        let said = text.rsplit_once("</think>").map_or(text, |(_, said)| said);
        let whole = |text: &str| {
            let json = read(text).or_else(|_| read(&without_loose_commas(text))).ok()?;
            self.of(json.as_object()?)
        };
        whole(said.trim()).or_else(|| objects(said).filter_map(whole).last())
    }

    fn of(&self, object: &Object) -> Option<Answer> {
        let text = |key: &str| object.get(key)?.as_str();
        Some(match self {
            Self::Penalties => {
                let remark = text("issues")?.to_owned();
                let [first, second] =
                    ["penalty_1", "penalty_2"].map(|key| penalty(object.get(key)?));
                Answer::Penalties(Penalties { first: first?, second: second? }, remark)
            }
            Self::Checklist => Answer::Checklist(Checklist {
                main_object: words(text("main_object")?)?,
                features: {
                    let features = object.get("features")?.as_array()?;
                    FEATURES.contains(&features.len()).then_some(())?;
                    features.iter().map(feature).collect::<Option<_>>()?
                },
            }),
            Self::Verification(features) => Answer::Verification(verification(object, features)?),
            Self::Guard => {
                text("reason")?;
                Answer::Guard(Guard {
                    is_garbage: word(text("verdict")?, &["ok", "garbage"])? == "garbage",
                    addresses_judge: match object.get("addresses_judge") {
                        // Whoever serves the original's questions does not know this one.
                        None | Some(Json::Null) => false,
                        Some(speaks) => boolean(speaks)?,
                    },
                })
            }
            Self::Remark => Answer::Remark(text("issues")?.to_owned()),
        })
    }
}

fn verification_schema(count: usize) -> String {
    let text = format!(
        r#"{{"type":"object","properties":{{"checks":{{"type":"array","minItems":{count},"maxItems":{count},"items":{{"type":"object","properties":{{"number":{{"type":"integer","minimum":1,"maximum":{count}}},"match":{{"type":"string","enum":["yes","partial","no"]}},"note":{{"type":"string"}}}},"required":["number","match","note"],"additionalProperties":false}}}},"main_object_correct":{{"type":"boolean"}}}},"required":["checks","main_object_correct"],"additionalProperties":false}}"#
    );
    line(&text)
}

/// A schema of ours, laid out as bodies of requests are.
fn line(text: &str) -> String {
    write(&read(text).unwrap_or_else(|_| unreachable!("our own schema")), Style::Line)
}

/// Each feature has to be judged once. Which one a check is of its number says; without numbers, as the original asks for them, the
/// feature's own words do, or else its place, if there are as many checks as features.
fn verification(object: &Object, features: &[String]) -> Option<Verification> {
    let checks = object.get("checks")?.as_array()?.iter();
    let checks: Vec<&Object> = checks.map(Json::as_object).collect::<Option<_>>()?;
    let numbered = |check: &Object| check.get("number").is_some_and(|number| *number != Json::Null);
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let named = |check: &Object| {
        let words = line(check.get("feature")?.as_str()?);
        features.iter().position(|feature| *feature == words)
    };
    let places: Option<Vec<usize>> = if checks.iter().any(|check| numbered(check)) {
        let number = |check: &&Object| integer(check.get("number")?);
        checks.iter().map(|check| usize::try_from(number(check)?).ok()?.checked_sub(1)).collect()
    } else {
        let by_words: Option<Vec<usize>> = checks.iter().map(|check| named(check)).collect();
        by_words
            .filter(|places| each_once(places, features.len()))
            .or_else(|| (checks.len() == features.len()).then(|| (0..features.len()).collect()))
    };
    let places = places.filter(|places| each_once(places, features.len()))?;
    let mut found = vec![""; features.len()];
    for (check, place) in checks.iter().zip(places) {
        found[place] = word(check.get("match")?.as_str()?, &MATCHES)?;
    }
    let is_main_object = boolean(object.get("main_object_correct")?)?;
    Some(Verification { features: found, is_main_object })
}

/// Whether these are all places, each once.
fn each_once(places: &[usize], count: usize) -> bool {
    let mut sorted = places.to_vec();
    sorted.sort_unstable();
    sorted.into_iter().eq(0..count)
}

fn feature(json: &Json) -> Option<(String, &'static str)> {
    let members = json.as_object()?;
    let category = word(members.get("category")?.as_str()?, &CATEGORIES)?;
    Some((words(members.get("description")?.as_str()?)?, category))
}

/// One line, neither empty nor long.
fn words(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let fits = !line.is_empty() && line.chars().count() <= WORDS_CHARS_MAX;
    (fits && !line.chars().any(char::is_control)).then_some(line)
}

fn word(text: &str, known: &[&'static str]) -> Option<&'static str> {
    known.iter().find(|known| known.eq_ignore_ascii_case(text.trim())).copied()
}

fn penalty(json: &Json) -> Option<u8> {
    let value = integer(json)?;
    (0..=PENALTY_MAX).contains(&value).then(|| u8::try_from(value).ok()).flatten()
}

/// `7`, `7.0`, `"7"`; 6.5 and 7.5 go to the even neighbour.
fn integer(json: &Json) -> Option<i64> {
    let text = match json {
        Json::Number(text) => text,
        Json::String(text) => text.trim(),
        _ => return None,
    };
    if let Ok(value) = text.parse() {
        return Some(value);
    }
    let value = text.parse::<f64>().ok()?.round_ties_even();
    // Whatever is beyond a million is no grade and no number of a feature.
    (value.abs() < 1e6).then_some(value as i64)
}

fn boolean(json: &Json) -> Option<bool> {
    match json {
        Json::Bool(value) => Some(*value),
        Json::Number(text) if matches!(&**text, "0" | "1") => Some(&**text == "1"),
        Json::String(text) => {
            let text = word(text, &["true", "false", "yes", "no"])?;
            Some(matches!(text, "true" | "yes"))
        }
        _ => None,
    }
}

/// Objects in a text, from the left, that lie in no other.
fn objects(text: &str) -> impl Iterator<Item = &str> {
    let mut at = 0;
    let mut starts = 0;
    std::iter::from_fn(move || {
        while starts < STARTS_MAX {
            starts += 1;
            let begin = at + text.get(at..)?.find('{')?;
            at = begin + 1;
            if let Some(object) = object_at(&text[begin..]) {
                at = begin + object.len();
                return Some(object);
            }
        }
        None
    })
}

/// The object that a text begins with, up to its closing brace.
fn object_at(text: &str) -> Option<&str> {
    let mut depth = 0_usize;
    let mut scan = Scan::default();
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if scan.is_in_string(byte) => {}
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return text.get(..=at);
        }
    }
    None
}

/// The text without commas right before a closing bracket.
fn without_loose_commas(text: &str) -> String {
    let mut scan = Scan::default();
    let mut kept = Vec::with_capacity(text.len());
    for byte in text.bytes() {
        if !scan.is_in_string(byte) && matches!(byte, b'}' | b']') {
            let end = kept.trim_ascii_end().len();
            if kept[..end].last() == Some(&b',') {
                kept.truncate(end - 1);
            }
        }
        kept.push(byte);
    }
    // Only whole ASCII characters were taken out.
    String::from_utf8(kept).unwrap_or_default()
}

/// Whether a byte of JSON belongs to a string.
#[derive(Debug, Default)]
struct Scan {
    inside: bool,
    escaped: bool,
}

impl Scan {
    /// Of the next byte; quotes belong to their string.
    fn is_in_string(&mut self, byte: u8) -> bool {
        if !self.inside {
            self.inside = byte == b'"';
            return self.inside;
        }
        let was_escaped = std::mem::replace(&mut self.escaped, false);
        match byte {
            b'\\' if !was_escaped => self.escaped = true,
            b'"' if !was_escaped => self.inside = false,
            _ => {}
        }
        true
    }
}

#[cfg(test)]
mod tests;
