//! The body of a request: JSON with `source` or `url`. Read as `JSON.parse` reads it, with the same texts of errors, in
//! constant memory besides the two strings. Facts: rendering specification §E.1; messages of V8 as in Node 20.

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Body {
    /// The module itself.
    Source(String),
    /// Where it is.
    Url(String),
}

/// Neither `source` nor `url` is a string with something in it.
const MISSING: &str = r#"Provide "source" or "url" in the JSON body"#;

/// Characters shown around what is wrong.
const CONTEXT_CHARS: usize = 10;

impl Body {
    /// The error is the text that the original service answered.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let text = String::from_utf8_lossy(bytes);
        let mut scanner = Scanner { text: &text, at: 0, wanted: [None, None] };
        let is_null = scanner.document().map_err(|wrong| wrong.message(&text))?;
        if is_null {
            return Err("Cannot read properties of null (reading 'source')".to_owned());
        }
        let [source, url] = scanner.wanted.map(|text| text.filter(|text| !text.is_empty()));
        source.map(Self::Source).or(url.map(Self::Url)).ok_or_else(|| MISSING.to_owned())
    }
}

/// What is wrong, and at which byte.
struct Wrong {
    kind: Kind,
    at: usize,
}

enum Kind {
    /// A text of its own; the position follows.
    Expected(&'static str),
    /// Any other character, or the end.
    Unexpected,
}

impl Wrong {
    fn message(&self, text: &str) -> String {
        // Positions of JavaScript count UTF-16 units.
        let position = text[..self.at].encode_utf16().count();
        if let Kind::Expected(what) = self.kind {
            return format!("{what} at position {position}");
        }
        let Some(found) = text[self.at..].chars().next() else {
            return "Unexpected end of JSON input".to_owned();
        };
        // V8 shows one unit, half of a pair if need be.
        let units: Vec<u16> = text.encode_utf16().collect();
        let found = if found.len_utf16() == 1 { found } else { char::REPLACEMENT_CHARACTER };
        let is_long = units.len() > 2 * CONTEXT_CHARS;
        let start = if is_long { position.saturating_sub(CONTEXT_CHARS) } else { 0 };
        let end = if is_long { units.len().min(position + CONTEXT_CHARS) } else { units.len() };
        // With exactly that many before it, V8 leaves none out and says it did.
        let before = if is_long && position >= CONTEXT_CHARS { "..." } else { "" };
        let after = if end < units.len() { "..." } else { "" };
        let shown = String::from_utf16_lossy(&units[start..end]);
        format!("Unexpected token '{found}', {before}\"{shown}\"{after} is not valid JSON")
    }
}

/// One pass over the text, with a stack of open brackets instead of recursion.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// `source` and `url` of the outermost object, where they are strings; the last ones count.
    wanted: [Option<String>; 2],
}

impl Scanner<'_> {
    /// Whether the document is `null`.
    fn document(&mut self) -> Result<bool, Wrong> {
        let mut open: Vec<u8> = Vec::new();
        // Which of the wanted strings the value that comes next is.
        let mut slot = None;
        self.skip_space();
        let is_null = self.peek() == Some(b'n');
        loop {
            self.skip_space();
            let taken = slot.filter(|_| open == b"{");
            if let Some(slot) = taken {
                self.wanted[slot] = None;
            }
            match self.peek() {
                Some(bracket @ (b'{' | b'[')) => {
                    self.at += 1;
                    self.skip_space();
                    let closing = if bracket == b'{' { b'}' } else { b']' };
                    if self.peek() == Some(closing) {
                        self.at += 1;
                    } else {
                        open.push(bracket);
                        if bracket == b'{' {
                            self.key("Expected property name or '}' in JSON", &open, &mut slot)?;
                        }
                        continue;
                    }
                }
                Some(b'"') => {
                    let string = self.string()?;
                    if let Some(slot) = taken {
                        self.wanted[slot] = Some(string);
                    }
                }
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal("true")?,
                Some(b'f') => self.literal("false")?,
                Some(b'n') => self.literal("null")?,
                _ => return Err(self.unexpected()),
            }
            if self.after_value(&mut open, &mut slot)? {
                return Ok(is_null);
            }
        }
    }

    /// Closes what ends here; true at the end of the document, false where another value has to follow.
    fn after_value(&mut self, open: &mut Vec<u8>, slot: &mut Option<usize>) -> Result<bool, Wrong> {
        loop {
            self.skip_space();
            match (open.last(), self.peek()) {
                (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) => {
                    self.at += 1;
                    open.pop();
                }
                (Some(b'{'), Some(b',')) => {
                    self.at += 1;
                    self.skip_space();
                    self.key("Expected double-quoted property name in JSON", open, slot)?;
                    return Ok(false);
                }
                (Some(b'['), Some(b',')) => {
                    self.at += 1;
                    return Ok(false);
                }
                (Some(b'{'), _) => {
                    return Err(self.expected("Expected ',' or '}' after property value in JSON"));
                }
                (Some(_), _) => {
                    return Err(self.expected("Expected ',' or ']' after array element in JSON"));
                }
                (None, None) => return Ok(true),
                (None, Some(_)) => {
                    return Err(self.expected("Unexpected non-whitespace character after JSON"));
                }
            }
        }
    }

    /// A key and its colon. Only keys of the outermost object are looked at.
    fn key(
        &mut self,
        otherwise: &'static str,
        open: &[u8],
        slot: &mut Option<usize>,
    ) -> Result<(), Wrong> {
        if self.peek() != Some(b'"') {
            return Err(self.expected(otherwise));
        }
        let key = self.string()?;
        if open.len() == 1 {
            *slot = ["source", "url"].iter().position(|name| *name == key);
        }
        self.skip_space();
        if self.peek() != Some(b':') {
            return Err(self.expected("Expected ':' after property name in JSON"));
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<String, Wrong> {
        self.at += 1;
        let mut string = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                None => return Err(self.expected("Unterminated string in JSON")),
                Some(b'"') => {
                    string.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    string.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    self.escape(&mut string)?;
                    start = self.at;
                }
                Some(0..0x20) => {
                    return Err(self.expected("Bad control character in string literal in JSON"));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// What follows a backslash. Halves of pairs become replacement characters, as when JavaScript writes UTF-8.
    fn escape(&mut self, string: &mut String) -> Result<(), Wrong> {
        let plain = match self.peek() {
            None => return Err(self.expected("Unterminated string in JSON")),
            Some(b'u') => {
                self.at += 1;
                let mut unit = self.unit()?;
                while (0xd800..0xdc00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let next = self.unit()?;
                    if (0xdc00..0xe000).contains(&next) {
                        unit = 0x1_0000 + ((unit - 0xd800) << 10) + (next - 0xdc00);
                    } else {
                        string.push(char::REPLACEMENT_CHARACTER);
                        unit = next;
                    }
                }
                string.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
                return Ok(());
            }
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(mark @ (b'"' | b'\\' | b'/')) => char::from(mark),
            Some(_) => return Err(self.expected("Bad escaped character in JSON")),
        };
        self.at += 1;
        string.push(plain);
        Ok(())
    }

    /// Four hexadecimal digits.
    fn unit(&mut self) -> Result<u32, Wrong> {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|digit| char::from(digit).to_digit(16));
            let Some(digit) = digit else {
                let is_end = self.peek().is_none();
                let what = if is_end {
                    "Unterminated string in JSON"
                } else {
                    "Bad Unicode escape in JSON"
                };
                return Err(self.expected(what));
            };
            unit = unit * 16 + digit;
            self.at += 1;
        }
        Ok(unit)
    }

    fn number(&mut self) -> Result<(), Wrong> {
        if self.peek() == Some(b'-') {
            self.at += 1;
            if !self.is_digit() {
                return Err(self.expected("No number after minus sign in JSON"));
            }
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
            if self.is_digit() {
                return Err(self.expected("Unexpected number in JSON"));
            }
        }
        self.digits();
        if self.peek() == Some(b'.') {
            self.at += 1;
            if !self.is_digit() {
                return Err(self.expected("Unterminated fractional number in JSON"));
            }
            self.digits();
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.is_digit() {
                return Err(self.expected("Exponent part is missing a number in JSON"));
            }
            self.digits();
        }
        Ok(())
    }

    fn literal(&mut self, literal: &str) -> Result<(), Wrong> {
        for byte in literal.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        Ok(())
    }

    fn digits(&mut self) {
        while self.is_digit() {
            self.at += 1;
        }
    }

    fn is_digit(&self) -> bool {
        self.peek().is_some_and(|byte| byte.is_ascii_digit())
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    const fn expected(&self, what: &'static str) -> Wrong {
        Wrong { kind: Kind::Expected(what), at: self.at }
    }

    const fn unexpected(&self) -> Wrong {
        Wrong { kind: Kind::Unexpected, at: self.at }
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    fn outcome(text: &str) -> String {
        match Body::parse(text.as_bytes()) {
            Ok(Body::Source(source)) => format!("source {source:?}"),
            Ok(Body::Url(url)) => format!("url {url:?}"),
            Err(error) => error,
        }
    }

    #[test]
    fn the_source_wins() {
        assert_snapshot!(outcome(r#"{"url":"u","source":"s"}"#), @r#"source "s""#);
        assert_snapshot!(outcome(r#"{"url":"u","source":""}"#), @r#"url "u""#);
        assert_snapshot!(outcome(r#"{"source":"a","x":{"source":"b"},"source":"c\u00e9\ud83d\ude00\ud800"}"#), @r#"source "cé😀�""#);
        for text in [
            "{}",
            "[]",
            "5",
            "\"x\"",
            r#"{"source":5}"#,
            r#"[{"source":"s"}]"#,
            r#"{"source":"s","source":[]}"#,
        ] {
            assert_eq!(outcome(text), MISSING, "{text}");
        }
    }

    /// Expected texts were printed by Node 20.
    #[test]
    fn errors_are_those_of_javascript() {
        let texts = [
            "",
            "{",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":1",
            "[1,",
            "hello",
            "nul",
            "{a:1}",
            "{\"a\":1,}",
            "{} x",
            "\"\n\"",
            r#""\q""#,
            r#""\u12""#,
            "01",
            "1.",
            "-",
            "null",
            "\u{feff}{}",
            "[\u{1f600}",
            "{\"source\": \"abcdefghijklmnopqrstuvwxyz\", \"k\": @@@@@@@@@@@@@@@@@@@@@@@@@@@@@@}",
        ];
        assert_snapshot!(texts.map(outcome).join("\n"), @r#"
        Unexpected end of JSON input
        Expected property name or '}' in JSON at position 1
        Unterminated string in JSON at position 3
        Expected ':' after property name in JSON at position 4
        Unexpected end of JSON input
        Expected ',' or '}' after property value in JSON at position 6
        Unexpected end of JSON input
        Unexpected token 'h', "hello" is not valid JSON
        Unexpected end of JSON input
        Expected property name or '}' in JSON at position 1
        Expected double-quoted property name in JSON at position 7
        Unexpected non-whitespace character after JSON at position 3
        Bad control character in string literal in JSON at position 1
        Bad escaped character in JSON at position 2
        Bad Unicode escape in JSON at position 5
        Unexpected number in JSON at position 1
        Unterminated fractional number in JSON at position 2
        No number after minus sign in JSON at position 1
        Cannot read properties of null (reading 'source')
        Unexpected token '﻿', "﻿{}" is not valid JSON
        Unexpected token '�', "[😀" is not valid JSON
        Unexpected token '@', ..."yz", "k": @@@@@@@@@@"... is not valid JSON
        "#);
    }

    #[test]
    fn depth_costs_no_stack() {
        let text = "[".repeat(1 << 20);
        assert_snapshot!(outcome(&text), @"Unexpected end of JSON input");
    }

    proptest! {
        #[test]
        fn whatever_serde_reads_is_read(text in r#"[\[\]{}":,\\ a0-9.eEtrufalsn-]{0,12}"#) {
            let found = outcome(&text);
            let is_json = found == MISSING || found.starts_with("source") || found.contains("of null");
            // Its numbers have to fit into a float.
            if serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok() != is_json {
                prop_assert!(text.contains(['e', 'E', '\\']), "{:?}: {}", text, found);
            }
        }

        #[test]
        fn any_bytes_get_an_answer(bytes: Vec<u8>) {
            Body::parse(&bytes).ok();
        }
    }
}
