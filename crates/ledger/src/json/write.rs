//! [`Json`] to text, byte for byte as the programs that read and write the same files do it.

use super::Json;

/// How a file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Two spaces a level; characters as they are. Most files.
    Indented,
    /// Two spaces a level; `\uXXXX` for what is not printable ASCII. `submissions.json`.
    IndentedAscii,
    /// One line, a space after each colon and comma; ASCII. `seed.json`.
    Line,
}

/// Writes a value, without a newline at the end.
#[must_use]
pub fn write(json: &Json, style: Style) -> String {
    let mut out = String::new();
    value(&mut out, json, style, 0);
    out
}

fn value(out: &mut String, json: &Json, style: Style, level: usize) {
    match json {
        Json::Null => out.push_str("null"),
        Json::Bool(true) => out.push_str("true"),
        Json::Bool(false) => out.push_str("false"),
        Json::Number(text) => out.push_str(text),
        Json::String(text) => string(out, text, style),
        Json::Array(items) if items.is_empty() => out.push_str("[]"),
        Json::Object(members) if members.is_empty() => out.push_str("{}"),
        Json::Array(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                separate(out, style, n, level + 1);
                value(out, item, style, level + 1);
            }
            close(out, style, level, ']');
        }
        Json::Object(members) => {
            out.push('{');
            for (n, (key, item)) in members.iter().enumerate() {
                separate(out, style, n, level + 1);
                string(out, key, style);
                out.push_str(": ");
                value(out, item, style, level + 1);
            }
            close(out, style, level, '}');
        }
    }
}

/// What stands before the `n`-th item.
fn separate(out: &mut String, style: Style, n: usize, level: usize) {
    if style == Style::Line {
        out.push_str(if n == 0 { "" } else { ", " });
    } else {
        out.push_str(if n == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n("  ", level));
    }
}

fn close(out: &mut String, style: Style, level: usize, bracket: char) {
    if style != Style::Line {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", level));
    }
    out.push(bracket);
}

/// Adds a string in quotation marks to a text.
pub fn string(out: &mut String, text: &str, style: Style) {
    out.push('"');
    let is_plain = |byte: u8| {
        !matches!(byte, b'"' | b'\\' | ..b' ') && (byte < 0x7f || style == Style::Indented)
    };
    let mut rest = text;
    loop {
        let plain = rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len());
        let (before, after) = rest.split_at(plain);
        out.push_str(before);
        let mut after = after.chars();
        let Some(c) = after.next() else { break };
        rest = after.as_str();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ => escape(out, c),
        }
    }
    out.push('"');
}

/// `\uXXXX`, twice for what is beyond 16 bits.
fn escape(out: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        out.push_str(&format!("\\u{unit:04x}"));
    }
}

/// A float as state files have it: the fewest digits that read back the same, always with a fraction, and an exponent only below
/// 1e-5 or from 1e16. Infinities and what is no number come out as Rust prints them: callers keep them away.
#[must_use]
pub fn float_json(value: f64) -> String {
    float(value, -5, 1)
}

/// A float as Python prints it and as the matrices have it: as [`float_json`], but an exponent below 1e-4 already, of two digits
/// at least.
#[must_use]
pub fn float_python(value: f64) -> String {
    float(value, -4, 2)
}

fn float(value: f64, exponent_min: i32, exponent_digits: usize) -> String {
    // Shortest digits, as `-1.234e-5`.
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    let Ok(exponent) = exponent.parse::<i32>() else { return scientific };
    if !(exponent_min..16).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        let size = exponent.unsigned_abs();
        return format!("{mantissa}e{sign}{size:0exponent_digits$}");
    }
    // Rust never uses an exponent here, and has the same digits.
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { plain + ".0" }
}
