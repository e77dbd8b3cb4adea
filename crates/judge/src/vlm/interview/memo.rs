//! Answers that serve other duels too: a prompt's checklist, and what was found of one model by itself.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::super::question::Question;
use super::settled;
use crate::Call;

/// Questions that are remembered: those of 20 contestants and 128 prompts, about.
const QUESTIONS_MAX: usize = 16 << 10;
/// Calls whose texts are longer in all are not remembered.
const BYTES_MAX: usize = 4 << 10;

/// Answers of this process, by the hash of the first request.
#[derive(Debug, Default)]
pub(crate) struct Memo(Mutex<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    calls: BTreeMap<String, Vec<Call>>,
    /// From the oldest.
    order: VecDeque<String>,
}

impl Memo {
    /// What the question was answered before, under the label that it has now.
    pub(super) fn get(&self, request: &str, label: &str) -> Option<Vec<Call>> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = shelf.calls.get(request)?.iter();
        Some(calls.map(|call| Call { label: label.to_owned(), ..call.clone() }).collect())
    }

    /// Remembers calls that came to an answer; silence is not remembered.
    pub(super) fn keep(&self, request: &str, calls: &[Call], question: &Question) {
        let bytes: usize = calls.iter().map(Call::text_bytes).sum();
        if bytes > BYTES_MAX || !matches!(settled(question, calls), Some(Some(_))) {
            return;
        }
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.calls.insert(request.to_owned(), calls.to_vec()).is_none() {
            shelf.order.push_back(request.to_owned());
        }
        while shelf.order.len() > QUESTIONS_MAX {
            if let Some(oldest) = shelf.order.pop_front() {
                shelf.calls.remove(&oldest);
            }
        }
    }
}
