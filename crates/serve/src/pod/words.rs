//! Text that others may have written, made fit for logs, manifests and answers.

use super::limits::REASON_CHARS_MAX;

/// At most so many characters, none of them a control character.
pub(super) fn cut(text: &str, chars_max: usize) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars_max).collect()
}

/// [`cut`] at [`REASON_CHARS_MAX`].
pub(super) fn short(text: &str) -> String {
    cut(text.trim(), REASON_CHARS_MAX)
}

/// What somebody panicked with.
pub(super) fn panic_text(payload: Box<dyn std::any::Any + Send>) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
    short(text.unwrap_or("no text"))
}
