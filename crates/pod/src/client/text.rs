//! Text that came from strangers, made fit for logs, files and chat.

/// At most `max` characters of `text`, without control characters and without those that turn the direction of writing;
/// white space in a row becomes one blank.
#[must_use]
pub fn short(text: &str, max: usize) -> String {
    let mut kept = String::new();
    let mut length = 0;
    let mut is_blank_due = false;
    for character in text.chars() {
        if character.is_whitespace() {
            is_blank_due = length > 0;
            continue;
        }
        if character.is_control() || is_directional(character) {
            continue;
        }
        let needed = if is_blank_due { 2 } else { 1 };
        if length + needed > max {
            break;
        }
        if is_blank_due {
            kept.push(' ');
        }
        kept.push(character);
        length += needed;
        is_blank_due = false;
    }
    kept
}

const fn is_directional(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_words_only() {
        assert_eq!(short("  out of\n\tmemory\u{0}\u{1b}[31m ", 40), "out of memory[31m");
        assert_eq!(short("\u{202e}abc", 40), "abc");
        assert_eq!(short("abcdef", 3), "abc");
        assert_eq!(short("ab cd", 3), "ab");
        assert_eq!(short("ééééé", 2), "éé");
        assert_eq!(short("a", 0), "");
    }
}
