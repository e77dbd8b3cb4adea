//! The check that anybody can make of a competition from its public files, made of a simulated one: it must agree with the owners.

use arena::verify::{BlobError, Blobs, Settings, Subject, Wanted, verify};
use bytes::Bytes;
use ledger::repository::{Id, Repository as _};

use crate::world::World;

/// Disagreements that are told, at most: others follow from them.
const TOLD_MAX: usize = 5;

/// What is in the world's store.
#[derive(Debug)]
struct Kept<'a>(&'a World);

impl Blobs for Kept<'_> {
    fn read(&self, wanted: &[Wanted]) -> Vec<Result<Bytes, BlobError>> {
        let read = |one: &Wanted| {
            let bytes = self.0.object(&one.key).ok_or(BlobError::Missing)?;
            let fits = u64::try_from(bytes.len()).is_ok_and(|len| len <= one.bytes_max);
            if fits { Ok(bytes) } else { Err(BlobError::TooLarge) }
        };
        wanted.iter().map(read).collect()
    }
}

impl World {
    /// Makes every decision so far again.
    pub(crate) fn verify(&self) {
        // What an operator has just broken by hand is found, too, and is no mistake of the owners.
        let Some(at) = self.head_id().filter(|_| !self.is_broken()) else { return };
        let subject = Subject {
            repository: &self.books,
            at,
            has_history: true,
            blobs: Some(&Kept(self)),
            redraw: None,
        };
        match verify(&subject, &Settings::default()) {
            Ok(report) => {
                for finding in report.findings.iter().take(TOLD_MAX) {
                    self.violation(format!("verify: {finding}"));
                }
            }
            Err(error) => self.violation(format!("verify: {error}")),
        }
    }

    fn head_id(&self) -> Option<Id> {
        self.books.head().ok().flatten()
    }
}
