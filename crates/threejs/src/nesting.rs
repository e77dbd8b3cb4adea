//! A linear look at the text before it is parsed: how deep could its syntax tree be? The parser and the walks recurse,
//! so a deep tree would end the process. The answer is an upper bound: tokens since the last separator, summed over all
//! open brackets. Where a slash could open a regular expression or divide, all that follows counts.

/// Most tokens that may be pending (opened, or chained without a separator) at one place of a module.
pub const NESTING_MAX: usize = 6_000;

/// Most words times the brackets that are open around each: a name is looked up bracket by bracket. A file of the
/// largest size with 40 brackets open everywhere has fewer.
const LOOK_UPS_MAX: usize = 8_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Prev {
    /// Start of file or an operator: an operand follows.
    Operator,
    /// `)` that ends a condition: a statement follows.
    Condition,
    /// The end of an operand: name, literal, `)`, `]`, template.
    Operand,
    /// `}`.
    Brace,
    /// A word after which an operand or statement follows.
    Keyword,
    /// `.` or `?.`: a name follows, whatever it is.
    Dot,
}

#[derive(Clone, Copy)]
struct Level {
    /// Tokens since the last separator of this bracket.
    pending: usize,
    is_condition: bool,
    is_template: bool,
}

impl Level {
    const TOP: Self = Self { pending: 0, is_condition: false, is_template: false };
}

const OPERAND_FOLLOWS: [&str; 22] = [
    "return",
    "typeof",
    "case",
    "in",
    "delete",
    "void",
    "throw",
    "new",
    "else",
    "do",
    "instanceof",
    "yield",
    "await",
    "default",
    "extends",
    "try",
    "finally",
    "export",
    "class",
    "function",
    "if",
    "while",
];
/// Words that go on with the statement before them, even on a new line.
const CONTINUES: [&str; 7] = ["else", "catch", "finally", "while", "in", "instanceof", "of"];
const CONDITION: [&str; 4] = ["if", "while", "for", "with"];

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'\\' | b'#') || byte >= 0x80
}

/// Whether `source` may be nested or chained deeper than [`NESTING_MAX`], or asks for more than [`LOOK_UPS_MAX`]; then the byte where it goes past.
pub(crate) fn too_deep(source: &str) -> Option<usize> {
    let bytes = source.as_bytes();
    let mut levels = vec![Level::TOP];
    let mut look_ups = 0;
    let mut total = 0; // Sum of `pending`, so that the check is one comparison.
    let mut prev = Prev::Operator;
    let mut word = "";
    let mut is_new_line = false;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let start = at;
        at += 1;
        match byte {
            b'\n' | b'\r' => {
                is_new_line = true;
                continue;
            }
            b' ' | b'\t' | 0x0B | 0x0C => continue,
            b'/' if bytes.get(at) == Some(&b'/') => {
                // A lone CR and U+2028 end a comment too; stopping early at them is all that is needed.
                while at < bytes.len() && !ends_line(bytes, at) {
                    at += 1;
                }
                continue;
            }
            b'/' if bytes.get(at) == Some(&b'*') => {
                let rest = &bytes[at + 1..];
                let len = rest.windows(2).position(|pair| pair == b"*/");
                at = len.map_or(bytes.len(), |len| at + 1 + len + 2);
                is_new_line |= bytes[start..at].contains(&b'\n');
                continue;
            }
            b'#' if start == 0 && bytes.get(1) == Some(&b'!') => {
                while at < bytes.len() && !ends_line(bytes, at) {
                    at += 1;
                }
                continue;
            }
            _ => {}
        }
        let level = levels.last_mut()?;
        let ends_statement = matches!(prev, Prev::Operand | Prev::Brace);
        match byte {
            b'(' | b'[' | b'{' => {
                level.pending += 1;
                total += 1;
                let is_condition =
                    byte == b'(' && prev == Prev::Keyword && CONDITION.contains(&word);
                levels.push(Level { is_condition, ..Level::TOP });
                prev = Prev::Operator;
            }
            b')' | b']' | b'}' => {
                if let Some(closed) = (levels.len() > 1).then(|| levels.pop()).flatten() {
                    total -= closed.pending;
                    if closed.is_template {
                        at = template_piece(bytes, at);
                        if bytes.get(at - 1) == Some(&b'{') {
                            levels.push(Level { is_template: true, ..Level::TOP });
                            prev = Prev::Operator;
                        } else {
                            prev = Prev::Operand;
                        }
                    } else {
                        prev = match byte {
                            b'}' => Prev::Brace,
                            b')' if closed.is_condition => Prev::Condition,
                            _ => Prev::Operand,
                        };
                    }
                }
            }
            b',' | b';' => {
                total -= level.pending;
                level.pending = 0;
                prev = Prev::Operator;
            }
            b'"' | b'\'' => {
                at = string_end(bytes, at, byte);
                level.pending += 1;
                total += 1;
                prev = Prev::Operand;
            }
            b'`' => {
                level.pending += 1;
                total += 1;
                at = template_piece(bytes, at);
                prev = Prev::Operand;
                if bytes.get(at - 1) == Some(&b'{') {
                    levels.push(Level { is_template: true, ..Level::TOP });
                    prev = Prev::Operator;
                }
            }
            b'/' => {
                level.pending += 1;
                total += 1;
                match prev {
                    Prev::Operand => prev = Prev::Operator,
                    // `...` and a word that may be a name or an operator are as unclear as `}`.
                    Prev::Brace | Prev::Dot => {
                        if total + (bytes.len() - at) > NESTING_MAX {
                            return Some(start);
                        }
                        return None;
                    }
                    Prev::Operator | Prev::Condition | Prev::Keyword => {
                        at = regex_end(bytes, at);
                        prev = Prev::Operand;
                    }
                }
            }
            _ if is_word(byte) => {
                let is_number = byte.is_ascii_digit();
                while bytes.get(at).is_some_and(|b| is_word(*b) || (is_number && *b == b'.')) {
                    at += 1;
                }
                let text = source.get(start..at).unwrap_or("");
                if is_new_line && ends_statement && !CONTINUES.contains(&text) {
                    total -= level.pending;
                    level.pending = 0;
                }
                level.pending += 1;
                total += 1;
                look_ups += levels.len();
                if prev == Prev::Dot {
                    prev = Prev::Operand;
                } else if text == "of"
                    && bytes[at..].iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'/')
                {
                    prev = Prev::Dot;
                } else if OPERAND_FOLLOWS.contains(&text) || CONDITION.contains(&text) {
                    prev = Prev::Keyword;
                } else {
                    prev = Prev::Operand;
                }
                word = text;
            }
            b'.' => {
                level.pending += 1;
                total += 1;
                prev = Prev::Dot;
            }
            _ => {
                level.pending += 1;
                total += 1;
                let is_postfix = matches!(byte, b'+' | b'-')
                    && bytes.get(at) == Some(&byte)
                    && prev == Prev::Operand;
                if is_postfix {
                    at += 1;
                } else {
                    prev = Prev::Operator;
                }
            }
        }
        is_new_line = false;
        if total > NESTING_MAX || look_ups > LOOK_UPS_MAX {
            return Some(start);
        }
    }
    None
}

fn ends_line(bytes: &[u8], at: usize) -> bool {
    matches!(bytes[at], b'\n' | b'\r')
        || (bytes[at] == 0xE2 && matches!(bytes.get(at + 1..at + 3), Some([0x80, 0xA8 | 0xA9])))
}

/// The byte after the closing quote, or the end of the line where it is missing.
fn string_end(bytes: &[u8], mut at: usize, quote: u8) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' if bytes.get(at + 1..at + 3) == Some(b"\r\n") => at += 3,
            b'\\' => at += 2,
            b'\n' | b'\r' => return at,
            byte if *byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The byte after the `${` or the closing backtick.
fn template_piece(bytes: &[u8], mut at: usize) -> usize {
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'`' => return at + 1,
            b'$' if bytes.get(at + 1) == Some(&b'{') => return at + 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The byte after the closing slash; flags are read as a word.
fn regex_end(bytes: &[u8], mut at: usize) -> usize {
    let mut in_class = false;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return at + 1,
            _ if ends_line(bytes, at) => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
