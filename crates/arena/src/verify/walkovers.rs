//! Margins of the original without a match: somebody had nothing then, whatever came later.

use std::collections::BTreeMap;

use judge::matches::walkover;
use ledger::files::matrix::Matrix;
use ledger::files::outputs::{Outputs, delivered};
use ledger::repository::Id;
use ledger::{LEADER, MinerFile, Place};

use super::Verifier;
use super::matches::{Context, is_near};
use super::report::{Check, Spot};
use super::rules::Rules;

/// Between which two commits the rows of a matrix came, by left and right side.
pub(super) type Rows = BTreeMap<(String, String), [Id; 2]>;

impl Verifier<'_> {
    /// Checks a margin of a matrix of matches that has no report.
    ///
    /// The judge looked at outputs somewhen after it wrote the row before, and keeps a walkover for good. Meshes go by whether there
    /// are any outputs, modules by whether one of them is an asset.
    pub(super) fn check_early_walkover(
        &mut self,
        context: &Context,
        [left, right]: [&str; 2],
        found: f64,
        spot: &Spot<'_>,
    ) {
        let factor = if context.rules == Rules::Meshes { 100.0 } else { 1.0 };
        let is_known = |value: f64| [0.0, 1.0, -1.0, factor, -factor].contains(&value);
        let fits = |sides: (bool, bool)| {
            let expected = walkover(sides.0, sides.1);
            expected.is_some_and(|one| is_near(found, one * factor) || is_near(found, one))
        };
        let now = self.books.snapshot.id();
        let Some(sides) = self.had(context, left, now).zip(self.had(context, right, now)) else {
            let what = "margins without a report: the outputs of a side could not be read";
            return self.log.unchecked(Check::Matrix, what);
        };
        let window = self.row_came(context, spot.path, left, right);
        let mut any = vec![sides];
        if let Some(window) = window {
            let then = window.map(|at| (self.had(context, left, at), self.had(context, right, at)));
            let [(left_0, right_0), (left_1, right_1)] = then;
            any = [left_0, left_1]
                .into_iter()
                .flatten()
                .flat_map(|left| {
                    [right_0, right_1].into_iter().flatten().map(move |right| (left, right))
                })
                .collect();
        }
        if any.iter().any(|&sides| fits(sides)) {
            return self.log.agree(Check::Matrix, 1);
        }
        if any.contains(&(true, true)) {
            if is_known(found) {
                let what = "walkovers of sides that have outputs now: they came after the match";
                self.log.unchecked(Check::Matrix, what);
            } else {
                let problem = format!(
                    "{found}, but there is no report of this match and both sides delivered"
                );
                self.log.noticed(Check::Matrix, spot, problem);
            }
            return;
        }
        if window.is_none() && is_known(found) {
            let what = "walkovers: what sides had when they were to meet, only the history tells";
            return self.log.unchecked(Check::Matrix, what);
        }
        let shown = |has: bool| if has { "delivered" } else { "delivered nothing" };
        let sides = any.last().copied().unwrap_or(sides);
        let expected = walkover(sides.0, sides.1).unwrap_or_default() * factor;
        let problem = format!(
            "{found}, but the defender {} and the challenger {}: {expected}",
            shown(sides.0),
            shown(sides.1)
        );
        self.log.found(Check::Matrix, spot, problem);
    }

    /// Whether somebody had something to be judged at a commit; nothing if the file says nothing that could be understood.
    fn had(&self, context: &Context, hotkey: &str, at: Id) -> Option<bool> {
        let files = match (context.rules, hotkey) {
            (Rules::Splats, _) => vec![MinerFile::Generations],
            (_, LEADER) => MinerFile::generated(1),
            _ => vec![MinerFile::Submitted],
        };
        for file in files {
            let place = Place::Miner(context.round, hotkey.to_owned(), file);
            let path = place.to_string();
            let Ok(id) = self.books.repository.file_id(at, &path) else { return None };
            let Some(id) = id else { continue };
            let mut known = self.had.borrow_mut();
            return *known.entry(id).or_insert_with(|| {
                let text = self.books.text_at(at, &path)?;
                if text.trim().is_empty() {
                    return Some(false);
                }
                let outputs: Outputs = self.books.find_at(at, &place)?;
                let has_any = context.rules == Rules::Meshes && !outputs.is_empty();
                Some(has_any || delivered(&outputs))
            });
        }
        Some(false)
    }

    /// Between which two commits a row came, if that is known.
    fn row_came(
        &mut self,
        context: &Context,
        path: &str,
        left: &str,
        right: &str,
    ) -> Option<[Id; 2]> {
        if !self.rows.contains_key(path) {
            let rows = self.rows_of(context, path);
            self.rows.insert(path.to_owned(), rows);
        }
        self.rows[path].get(&(left.to_owned(), right.to_owned())).copied()
    }

    fn rows_of(&self, context: &Context, path: &str) -> Rows {
        let mut rows = Rows::new();
        let mut values: BTreeMap<(String, String), f64> = BTreeMap::new();
        let commits = self.past.matrices.get(path).map_or(&[][..], Vec::as_slice);
        let mut before = self.past.duels.get(&context.round).copied();
        for (n, &commit) in commits.iter().enumerate() {
            let text = self.books.text_at(commit, path).unwrap_or_default();
            let Ok(matrix) = Matrix::from_text(path, &text) else { continue };
            let is_undated = n == 0 && self.past.undated.contains(path);
            for (left, right, margin) in matrix.iter() {
                let pair = (left.to_owned(), right.to_owned());
                if values.get(&pair) == Some(&margin) {
                    continue;
                }
                if !is_undated {
                    rows.insert(pair.clone(), [before.unwrap_or(commit), commit]);
                }
                values.insert(pair, margin);
            }
            before = Some(commit);
        }
        rows
    }
}
