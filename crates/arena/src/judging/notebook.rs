//! Calls of duels that are not over: what a model answered is not asked again, whatever happens before there is evidence.
//!
//! Each answer is a line of the judge's journal as soon as it comes. A match that ended has its evidence in the store, so its lines
//! go. Losing lines costs calls, nothing else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use judge::{Call, Description, Duel, Evidence};
use ledger::Round;
use serde::{Deserialize, Serialize};

use crate::lines::Lines;
use crate::ports::Ports;

/// The judge's journal.
const JOURNAL: &str = "judge";

/// A line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// An answer in the duel whose evidence will be at `key`.
    Answered { key: String, inputs: BTreeMap<String, String>, call: Call },
    /// The evidence of a duel, about to be stored at `key`. Whatever becomes of that, the same is stored the next time: a late one
    /// must not replace what is told.
    Whole { key: String, evidence: Box<Evidence> },
    /// All duels whose evidence begins like this are over.
    Over(String),
}

/// What is known of a duel that is not over.
#[derive(Debug, Default)]
struct Part {
    inputs: BTreeMap<String, String>,
    calls: Vec<Call>,
    /// Of a duel that has its verdict.
    whole: Option<Box<Evidence>>,
}

impl Part {
    /// A question that is asked anew had no answer before.
    fn add(&mut self, call: Call) {
        self.whole = None;
        if call.attempt == 0 {
            self.calls.retain(|known| known.label != call.label);
        }
        self.calls.push(call);
    }
}

/// The calls of a match.
#[derive(Debug)]
pub(super) struct Notebook<'a> {
    ports: &'a Ports,
    /// Nothing if there is no journal to be had.
    lines: Option<Mutex<Lines>>,
    parts: BTreeMap<String, Part>,
}

impl<'a> Notebook<'a> {
    /// What earlier processes noted in this round.
    pub(super) fn open(ports: &'a Ports, round: Round) -> Self {
        let mut book = Self { ports, lines: None, parts: BTreeMap::new() };
        if ports.judge.describe().model.is_none() {
            // It calls nobody.
            return book;
        }
        let Ok((mut lines, texts)) = Lines::open(ports, JOURNAL) else { return book };
        for text in &texts {
            match serde_json::from_str(text) {
                Ok(Line::Answered { key, inputs, call }) => {
                    let part = book.parts.entry(key).or_default();
                    part.inputs.extend(inputs);
                    part.add(call);
                }
                Ok(Line::Whole { key, evidence }) => {
                    book.parts.entry(key).or_default().whole = Some(evidence);
                }
                Ok(Line::Over(of)) => book.parts.retain(|key, _| !key.starts_with(&of)),
                Err(_) => {}
            }
        }
        let folder = format!("rounds/{round}/");
        book.parts.retain(|key, _| key.starts_with(&folder));
        if book.parts.is_empty() {
            ports.blocking.run(|| lines.clear()).ok();
        }
        book.lines = Some(Mutex::new(lines));
        book
    }

    /// What is known of a duel, as evidence.
    pub(super) fn part(&self, judge: &Description, duel: &Duel, key: &str) -> Option<Evidence> {
        let part = self.parts.get(key)?;
        if let Some(whole) = &part.whole
            && whole.judge == *judge
            && whole.duel == *duel
        {
            return Some((**whole).clone());
        }
        Some(Evidence {
            judge: judge.clone(),
            duel: duel.clone(),
            inputs: part.inputs.clone(),
            calls: part.calls.clone(),
            figures: serde_json::Value::Null,
        })
    }

    /// For one duel.
    pub(super) fn of<'b>(&'b self, key: &'b str) -> Page<'b> {
        Page { book: self, key }
    }

    /// A duel has its verdict, and this is what it rests on.
    pub(super) fn whole(&self, key: &str, evidence: &Evidence) {
        let line = Line::Whole { key: key.to_owned(), evidence: Box::new(evidence.clone()) };
        self.with(|lines| add(lines, &line));
    }

    /// All duels whose evidence begins like this are over, and have it.
    pub(super) fn over(&self, of: &str) {
        let mine = |key: &&String| key.starts_with(of);
        let only_these = self.parts.keys().all(|key| mine(&key));
        self.with(|lines| {
            if only_these {
                lines.clear().ok();
            } else {
                add(lines, &Line::Over(of.to_owned()));
            }
        });
    }

    fn with(&self, work: impl FnOnce(&mut Lines)) {
        let Some(lines) = &self.lines else { return };
        self.ports.blocking.run(|| {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut lines);
        });
    }
}

fn add(lines: &mut Lines, line: &Line) {
    // What cannot be written down is asked again, should it come to that.
    serde_json::to_string(line).ok().and_then(|text| lines.add(&text).ok());
}

/// The calls of a duel.
pub(super) struct Page<'a> {
    book: &'a Notebook<'a>,
    key: &'a str,
}

impl judge::Notebook for Page<'_> {
    fn answered(&self, call: &Call, inputs: &BTreeMap<String, String>) {
        let (key, inputs) = (self.key.to_owned(), inputs.clone());
        let line = Line::Answered { key, inputs, call: call.clone() };
        self.book.with(|lines| add(lines, &line));
    }
}
