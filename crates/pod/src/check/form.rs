//! Forms as the contract's clients send them, and ones that are wrong.

use super::pictures::Picture;
use crate::wire::single::{PICTURE_FIELD, SEED_FIELD};

/// Separates the parts; no picture holds it.
const BOUNDARY: &str = "crucible-pod-check-7f3a9c41d2";

/// The body of a form and its content type.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<u8>);

impl Form {
    pub(super) const TYPE: &str = "multipart/form-data; boundary=crucible-pod-check-7f3a9c41d2";

    /// What a client of a competition sends.
    pub(super) fn good(picture: &Picture, seed: impl ToString) -> Vec<u8> {
        Self::default().picture(&picture.bytes).field(SEED_FIELD, &seed.to_string()).end()
    }

    /// Adds the picture, called as clients call every picture.
    pub(super) fn picture(mut self, bytes: &[u8]) -> Self {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{PICTURE_FIELD}\"; filename=\"prompt.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n"
        );
        self.0.extend_from_slice(head.as_bytes());
        self.0.extend_from_slice(bytes);
        self.0.extend_from_slice(b"\r\n");
        self
    }

    pub(super) fn field(mut self, name: &str, value: &str) -> Self {
        let part = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
        self.0.extend_from_slice(part.as_bytes());
        self
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        self.0.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        self.0
    }

    /// Without the boundary that ends it.
    pub(super) fn unfinished(self) -> Vec<u8> {
        self.0
    }
}
