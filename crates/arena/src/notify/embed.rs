//! A notice as Discord takes it: cut to its limits, since it drops messages that are beyond any of them.

use jiff::Timestamp;
use serde::Serialize;

use crate::ports::Notice;

/// Limits of Discord's embeds, in UTF-16 code units.
const TITLE_MAX: usize = 256;
const DESCRIPTION_MAX: usize = 4096;
const FIELDS_MAX: usize = 25;
const NAME_MAX: usize = 256;
const VALUE_MAX: usize = 1024;
/// Of all texts of a message together.
const TOTAL_MAX: usize = 6000;

const FENCE: &str = "```";

/// The body of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Embed {
    embeds: [Body; 1],
    allowed_mentions: Mentions,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Body {
    title: String,
    color: u32,
    timestamp: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Field {
    name: String,
    value: String,
    inline: bool,
}

/// Nobody is called by what a miner wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Mentions {
    parse: [String; 0],
}

/// The message of a notice that was told at `time`.
#[must_use]
pub fn embed(notice: &Notice, time: Timestamp) -> Embed {
    let mut left = TOTAL_MAX;
    let mut part = |text: &str, most: usize| {
        let text = cut(text, most.min(left));
        left -= length(&text);
        text
    };
    let title = part(named(&notice.title), TITLE_MAX);
    let description = part(&notice.text, DESCRIPTION_MAX);
    let mut fields = Vec::new();
    for (name, value, inline) in notice.fields.iter().take(FIELDS_MAX) {
        let name = part(named(name), NAME_MAX);
        let value = part(named(value), VALUE_MAX);
        // A field without text is refused, and the message with it.
        if name.is_empty() || value.is_empty() {
            break;
        }
        fields.push(Field { name, value, inline: *inline });
    }
    let timestamp = time.strftime("%Y-%m-%dT%H:%M:%S%.f+00:00").to_string();
    let body = Body { title, color: notice.colour & 0xff_ffff, timestamp, description, fields };
    Embed { embeds: [body], allowed_mentions: Mentions { parse: [] } }
}

/// Something, where nothing is not allowed.
fn named(text: &str) -> &str {
    if text.trim().is_empty() { "–" } else { text }
}

fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The beginning of a text, with an ellipsis if it goes on; a block of code that is cut is closed.
fn cut(text: &str, most: usize) -> String {
    if length(text) <= most {
        return text.to_owned();
    }
    let mut out = beginning(text, most.saturating_sub(1));
    if out.matches(FENCE).count() % 2 == 1 {
        let closing = format!("…\n{FENCE}");
        let mut shorter = beginning(text, most.saturating_sub(closing.chars().count()));
        // A fence that was cut itself is none.
        shorter.truncate(shorter.trim_end_matches('`').len());
        if shorter.matches(FENCE).count() % 2 == 1 {
            return shorter + &closing;
        }
        out = shorter;
    }
    if most > 0 {
        out.push('…');
    }
    out
}

fn beginning(text: &str, most: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.len_utf16();
        used <= most
    };
    text.chars().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Embed, FENCE, TOTAL_MAX, cut, embed, length};
    use crate::ports::Notice;

    fn notice(title: &str, text: &str, fields: &[(&str, &str)]) -> Notice {
        let field = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned(), true);
        Notice {
            title: title.to_owned(),
            colour: 0x2E_CC71,
            text: text.to_owned(),
            fields: fields.iter().map(field).collect(),
        }
    }

    fn made(notice: &Notice) -> Embed {
        embed(notice, "2031-03-01T08:00:00.25Z".parse().expect("a time"))
    }

    #[test]
    fn as_discord_takes_it() {
        let text = serde_json::to_string_pretty(&made(&notice("Title", "", &[("Name", "")])));
        insta::assert_snapshot!(text.expect("JSON"), @r#"
        {
          "embeds": [
            {
              "title": "Title",
              "color": 3066993,
              "timestamp": "2031-03-01T08:00:00.25+00:00",
              "fields": [
                {
                  "name": "Name",
                  "value": "–",
                  "inline": true
                }
              ]
            }
          ],
          "allowed_mentions": {
            "parse": []
          }
        }
        "#);
    }

    #[test]
    fn code_that_is_cut_is_closed() {
        assert_eq!(cut("```abcdefghij```", 14), "```abcdef…\n```");
        assert_eq!(cut("```abcdefghij```", 16), "```abcdefghij```");
        assert_eq!(cut("```abc``` and more", 12), "```abc``` a…");
        assert_eq!(cut("``````````", 5), "…");
        assert_eq!(cut("😀😀😀", 5), "😀😀…");
        assert_eq!(cut("abc", 0), "");
    }

    fn texts() -> impl Strategy<Value = String> {
        ("[a`😀\n]{0,40}", 0_usize..400).prop_map(|(text, times)| text.repeat(times))
    }

    proptest! {
        #[test]
        fn no_limit_is_passed(
            title in texts(),
            text in texts(),
            fields in proptest::collection::vec((texts(), texts()), 0..40),
        ) {
            let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let Embed { embeds: [body], .. } = made(&notice(&title, &text, &fields));
            let mut total = length(&body.title) + length(&body.description);
            prop_assert!((1..=256).contains(&length(&body.title)));
            prop_assert!(length(&body.description) <= 4096);
            prop_assert!(body.fields.len() <= 25);
            for field in &body.fields {
                prop_assert!((1..=256).contains(&length(&field.name)));
                prop_assert!((1..=1024).contains(&length(&field.value)));
                total += length(&field.name) + length(&field.value);
            }
            prop_assert!(total <= TOTAL_MAX);
        }

        #[test]
        fn cut_texts_have_no_open_code(text in texts(), most in 0_usize..200) {
            let cut = cut(&text, most);
            prop_assert!(length(&cut) <= most);
            let was_whole = length(&text) <= most;
            prop_assert!(was_whole || cut.matches(FENCE).count().is_multiple_of(2));
        }
    }
}
