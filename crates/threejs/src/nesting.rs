//! A linear look at the text before it is parsed: how deep could its syntax tree be? The parser and the walks recurse,
//! so a deep tree would end the process. The answer is an upper bound: tokens since the last separator, summed over all
//! open brackets. It must not be fooled by what a text hides from it, so a slash that may open a regular expression as
//! well as divide ends the look: all that follows counts.

mod lex;

use lex::{is_space, is_word, line_end_len, regex_end, string_end, template_piece, word_end};

/// Most tokens that may be pending (opened, or chained without a separator) at one place of a module.
pub const NESTING_MAX: usize = 6_000;

/// Most tokens times the brackets, statements and colons that are open around each: a name is looked up scope by scope, a
/// label statement by statement. A file of the largest size with 30 of them around every token has fewer.
const LOOK_UPS_MAX: usize = 32_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Prev {
    /// Start of file, an operator, a word such as `return` or `typeof`, or `)` that ends a condition: a slash opens a
    /// regular expression.
    Operator,
    /// The end of an operand: a slash divides, even on a new line.
    Operand,
    /// The end of a declaration, jump or import: a slash on a new line opens a regular expression.
    Ends,
    /// `}`, or a word that may be a name as well as an operator.
    Unclear,
    /// `.` or `?.`: a name follows, whatever it is.
    Dot,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Opened {
    /// By a bracket.
    Plain,
    /// By the parenthesis of `if`, `while`, `for` or `with`.
    Condition,
    /// By the parenthesis of a function's parameters.
    Parameters,
    /// By `${`.
    Template,
}

#[derive(Clone, Copy)]
struct Level {
    opened: Opened,
    /// Statements around the place: `if`, `else`, loops.
    statements: usize,
    /// Other tokens since the last separator.
    tokens: usize,
    /// Those of them that are colons: labels are looked up too.
    colons: usize,
    /// After a semicolon: the next token forgets what is pending, unless it is `else`.
    has_ended: bool,
    is_declaration: bool,
    /// In a declaration, before the `=`.
    is_binding: bool,
    /// After `as` or `satisfies`: the parser reads on as if types were allowed, and keywords may be names of types.
    is_typed: bool,
}

impl Level {
    fn new(opened: Opened) -> Self {
        Self {
            opened,
            statements: 0,
            tokens: 0,
            colons: 0,
            has_ended: false,
            is_declaration: false,
            is_binding: false,
            is_typed: false,
        }
    }

    fn pending(&self) -> usize {
        self.statements + self.tokens
    }

    fn around(&self) -> usize {
        1 + self.statements + self.colons
    }
}

/// After these a slash opens a regular expression.
const OPERAND_FOLLOWS: [&str; 24] = [
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
    "default",
    "extends",
    "try",
    "finally",
    "export",
    "class",
    "function",
    "if",
    "while",
    "for",
    "with",
    "switch",
    "catch",
];
/// Names in some places and operators or the start of a declaration in others.
const UNCLEAR: [&str; 7] = ["yield", "await", "of", "let", "const", "var", "using"];
const DECLARES: [&str; 4] = ["let", "const", "var", "using"];
const JUMPS: [&str; 3] = ["break", "continue", "debugger"];
const STATEMENTS: [&str; 6] = ["if", "else", "for", "while", "do", "with"];
const CONDITION: [&str; 4] = ["if", "while", "for", "with"];
/// Words that go on with the statement before them, even on a new line.
const CONTINUES: [&str; 8] =
    ["else", "catch", "finally", "while", "in", "instanceof", "of", "extends"];

/// Most letters of labels that are jumped to times letters of those there are: a missing one is compared with all.
const LABEL_COMPARISONS_MAX: usize = 200_000_000;

/// Why a text is not parsed, and the byte where it goes past the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TooDeep {
    #[error("nested too deeply, limit {NESTING_MAX} pending tokens")]
    Pending(usize),
    #[error("too many names within too many scopes, limit {LOOK_UPS_MAX} look-ups")]
    LookUps(usize),
    #[error("too many labels, limit {LABEL_COMPARISONS_MAX} comparisons")]
    Labels(usize),
}

impl TooDeep {
    pub(crate) fn at(self) -> usize {
        let (Self::Pending(at) | Self::LookUps(at) | Self::Labels(at)) = self;
        at
    }
}

/// The most tokens pending at one place of `source`.
pub(crate) fn bound(source: &str) -> Result<usize, TooDeep> {
    let mut scan = Scan {
        source,
        bytes: source.as_bytes(),
        at: 0,
        levels: vec![Level::new(Opened::Plain)],
        total: 0,
        around: 1,
        jumps: 0,
        labels: 0,
        prev: Prev::Operator,
        word: "",
        is_head: false,
        is_new_line: true,
    };
    if scan.bytes.starts_with("\u{feff}".as_bytes()) {
        scan.at = 3;
    }
    if scan.bytes[scan.at..].starts_with(b"#!") {
        scan.skip_line();
    }
    let mut most = 0;
    let mut look_ups = 0;
    loop {
        scan.skip_trivia();
        let start = scan.at;
        let Some(byte) = scan.bytes.get(start) else { return Ok(most) };
        scan.at += 1;
        scan.forget_ended(start);
        if scan.token(*byte, start).is_err() {
            // All that follows may nest.
            let rest = scan.bytes[start..].iter().filter(|byte| !byte.is_ascii_whitespace());
            most = most.max(scan.total + rest.count());
            return if most > NESTING_MAX { Err(TooDeep::Pending(start)) } else { Ok(most) };
        }
        scan.is_new_line = false;
        most = most.max(scan.total);
        look_ups += scan.around;
        if most > NESTING_MAX {
            return Err(TooDeep::Pending(start));
        }
        if look_ups > LOOK_UPS_MAX {
            return Err(TooDeep::LookUps(start));
        }
        if scan.jumps.saturating_mul(scan.labels) > LABEL_COMPARISONS_MAX {
            return Err(TooDeep::Labels(start));
        }
    }
}

struct Scan<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    levels: Vec<Level>,
    /// Sum of what is pending, so that the check is one comparison.
    total: usize,
    /// Sum of brackets, statements and colons around.
    around: usize,
    prev: Prev,
    /// Letters of labels after `break` and `continue`, and of words before a colon.
    jumps: usize,
    labels: usize,
    /// The last word, while nothing came after it.
    word: &'a str,
    /// Between `function` and its parameters.
    is_head: bool,
    is_new_line: bool,
}

/// A slash that may open a regular expression as well as divide, or a backslash that is neither in a name nor in a text.
struct Unclear;

impl<'a> Scan<'a> {
    fn top(&mut self) -> &mut Level {
        if self.levels.is_empty() {
            self.levels.push(Level::new(Opened::Plain));
        }
        let last = self.levels.len() - 1;
        &mut self.levels[last]
    }

    fn add(&mut self) {
        self.top().tokens += 1;
        self.total += 1;
    }

    fn forget_tokens(&mut self) {
        self.total -= std::mem::take(&mut self.top().tokens);
        self.around -= std::mem::take(&mut self.top().colons);
        self.top().is_typed = false;
    }

    fn forget_all(&mut self) {
        self.forget_tokens();
        let statements = std::mem::take(&mut self.top().statements);
        self.total -= statements;
        self.around -= statements;
        self.top().is_declaration = false;
        self.top().is_binding = false;
    }

    fn forget_ended(&mut self, start: usize) {
        if std::mem::take(&mut self.top().has_ended) {
            let goes_on = self.source.get(start..).is_some_and(|rest| rest.starts_with("else"));
            if goes_on {
                self.forget_tokens();
            } else {
                self.forget_all();
            }
        }
    }

    fn open(&mut self, opened: Opened) {
        self.levels.push(Level::new(opened));
        self.around += 1;
        self.prev = Prev::Operator;
    }

    fn token(&mut self, byte: u8, start: usize) -> Result<(), Unclear> {
        let word = std::mem::take(&mut self.word);
        let is_head = std::mem::take(&mut self.is_head);
        match byte {
            b'(' | b'[' | b'{' => {
                self.add();
                self.open(match byte {
                    b'(' if CONDITION.contains(&word) => Opened::Condition,
                    b'(' if is_head => Opened::Parameters,
                    _ => Opened::Plain,
                });
            }
            b')' | b']' | b'}' => self.close(byte),
            b',' => {
                self.forget_tokens();
                let top = self.top();
                top.is_binding = top.is_declaration;
                self.prev = Prev::Operator;
            }
            b';' => {
                self.top().has_ended = true;
                self.prev = Prev::Operator;
            }
            b'"' | b'\'' => {
                self.at = string_end(self.bytes, self.at, byte);
                self.add();
                // `from "…"`, `import "…"`.
                self.prev = if word.is_empty() { Prev::Operand } else { Prev::Ends };
            }
            b'`' => {
                self.add();
                self.template();
            }
            b'/' => {
                self.add();
                let is_typed = self.top().is_typed;
                match self.prev {
                    _ if is_typed => return Err(Unclear),
                    Prev::Operator => {
                        self.at = regex_end(self.bytes, self.at);
                        self.prev = Prev::Operand;
                    }
                    Prev::Ends if !self.is_new_line => self.prev = Prev::Operator,
                    Prev::Operand => self.prev = Prev::Operator,
                    Prev::Ends | Prev::Unclear | Prev::Dot => return Err(Unclear),
                }
            }
            b'.' => {
                self.add();
                self.prev = Prev::Dot;
            }
            b'+' | b'-' if self.bytes.get(self.at) == Some(&byte) => {
                self.add();
                self.at += 1;
                self.prev = match self.prev {
                    Prev::Operand | Prev::Ends if !self.is_new_line => Prev::Operand,
                    Prev::Unclear => Prev::Unclear,
                    _ => Prev::Operator,
                };
            }
            _ if is_word(byte) => {
                self.at = word_end(self.source, start).ok_or(Unclear)?;
                self.read_word(word, is_head, start);
            }
            _ => {
                self.add();
                self.is_head = is_head && byte == b'*';
                if byte == b'=' {
                    self.top().is_binding = false;
                } else if byte == b':' {
                    self.labels += word.len();
                    self.top().colons += 1;
                    self.around += 1;
                }
                self.prev = Prev::Operator;
            }
        }
        Ok(())
    }

    fn close(&mut self, byte: u8) {
        if self.levels.len() == 1 {
            // More is closed than was opened: the parser stops here.
            return;
        }
        let closed = self.levels.pop().unwrap_or(Level::new(Opened::Plain));
        self.total -= closed.pending();
        self.around -= closed.around();
        self.prev = match (closed.opened, byte) {
            (Opened::Template, _) => return self.template(),
            (_, b'}') | (Opened::Parameters, _) => Prev::Unclear,
            (Opened::Condition, b')') => Prev::Operator,
            _ if self.top().is_binding => Prev::Ends,
            _ => Prev::Operand,
        };
    }

    /// After a backtick or the `}` in a template: to its end or the next `${`.
    fn template(&mut self) {
        let (at, is_open) = template_piece(self.bytes, self.at);
        self.at = at;
        if is_open {
            self.open(Opened::Template);
        } else {
            self.prev = Prev::Operand;
        }
    }

    fn read_word(&mut self, before: &'a str, is_head: bool, start: usize) {
        let word = self.source.get(start..self.at).unwrap_or("");
        let is_name = self.prev == Prev::Dot;
        let ends_statement = matches!(self.prev, Prev::Operand | Prev::Ends | Prev::Unclear);
        if self.is_new_line
            && ends_statement
            && !CONTINUES.contains(&word)
            && !UNCLEAR.contains(&before)
            && before != "async"
        {
            self.forget_all();
        }
        if !is_name && STATEMENTS.contains(&word) {
            self.top().statements += 1;
            self.total += 1;
            self.around += 1;
        } else {
            self.add();
        }
        self.word = word;
        self.top().is_typed |= !is_name && matches!(word, "as" | "satisfies");
        if JUMPS.contains(&before) {
            self.jumps += word.len();
        }
        if is_name {
            self.prev = Prev::Operand;
            self.word = "";
        } else if word == "await" && before == "for" {
            self.word = "for";
            self.prev = Prev::Operator;
        } else if UNCLEAR.contains(&word) {
            if DECLARES.contains(&word) {
                let top = self.top();
                top.is_declaration = true;
                top.is_binding = true;
            }
            self.prev = Prev::Unclear;
        } else if OPERAND_FOLLOWS.contains(&word) {
            self.is_head = word == "function";
            self.prev = Prev::Operator;
        } else if JUMPS.contains(&word) || JUMPS.contains(&before) || self.top().is_binding {
            self.prev = Prev::Ends;
        } else {
            self.is_head = is_head;
            self.prev = Prev::Operand;
        }
    }

    fn skip_line(&mut self) {
        while self.at < self.bytes.len() && line_end_len(self.bytes, self.at) == 0 {
            self.at += 1;
        }
    }

    /// Spaces, line ends and comments; notes whether a line ended.
    fn skip_trivia(&mut self) {
        while let Some(byte) = self.bytes.get(self.at) {
            let line_end_len = line_end_len(self.bytes, self.at);
            if line_end_len > 0 {
                self.is_new_line = true;
                self.at += line_end_len;
            } else if matches!(byte, b' ' | b'\t' | 0x0B | 0x0C) {
                self.at += 1;
            } else if self.bytes[self.at..].starts_with(b"//")
                // The parser complains of these, and skips them all the same.
                || (self.is_new_line && self.bytes[self.at..].starts_with(b"<!--"))
            {
                self.skip_line();
            } else if self.bytes[self.at..].starts_with(b"/*") {
                let start = self.at;
                let end = self.source.get(start + 2..).and_then(|rest| rest.find("*/"));
                self.at = end.map_or(self.bytes.len(), |len| start + 2 + len + 2);
                let mut places = start..self.at;
                self.is_new_line |= places.any(|at| lex::line_end_len(self.bytes, at) > 0);
            } else if *byte >= 0x80 {
                let space = self.source.get(self.at..).and_then(|rest| rest.chars().next());
                match space.filter(|c| is_space(*c)) {
                    Some(space) => self.at += space.len_utf8(),
                    None => return,
                }
            } else {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests;
