//! Matrices hold the margins of the reports, and walkovers of those who delivered nothing.

use judge::audit::SUBMITTED;
use judge::matches::walkover;
use ledger::files::matrix::Matrix;
use ledger::files::outputs::delivered;
use ledger::{MinerFile, Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::matches::{Context, Played, is_near};
use super::outputs::OutputsFile;
use super::report::{At, Check, Spot};
use super::rules::Rules;

impl Verifier<'_> {
    /// Checks a matrix against the reports.
    pub(super) fn check_matrix(
        &mut self,
        context: &Context,
        played: &Played,
        file: Option<&File<Matrix>>,
        audits: bool,
    ) {
        let round = context.round;
        let empty = Matrix::default();
        let matrix = file.map_or(&empty, |file| &file.value);
        if let Some(file) = file {
            for (left, right, found) in matrix.iter() {
                let at = At::Row(left, right, "margin");
                let spot = Spot { path: &file.path, text: &file.text, at };
                if context.submissions.is_some() && !context.who.contains(right) {
                    let problem = format!("{} does not take part", ledger::shorten(right));
                    self.log.noticed(Check::Matrix, &spot, problem);
                    continue;
                }
                if let Some((path, margin)) =
                    played.margins.get(&(left.to_owned(), right.to_owned()))
                {
                    let same = *margin == found
                        || (context.rules != Rules::Crucible && is_near(*margin, found));
                    self.log.hold(Check::Matrix, same, &spot, || {
                        format!("{found}, but {path} has {margin}")
                    });
                    continue;
                }
                if self.is_report_broken(round, left, right, audits) {
                    let what = "margins whose reports could not be read";
                    self.log.unchecked(Check::Matrix, what);
                    continue;
                }
                self.check_walkover(context, [left, right], found, &spot, audits);
            }
        }
        let file_kind = if audits { RoundFile::AuditMatrix } else { RoundFile::MatchesMatrix };
        let path = Place::Round(round, file_kind).to_string();
        for ((left, right), (report, margin)) in &played.margins {
            let is_audit = report.rsplit('/').next().is_some_and(|name| name.starts_with("audit_"));
            if is_audit != audits || matrix.get(left, right).is_some() {
                continue;
            }
            if self.has_left(round, Stage::Duels) {
                let problem = format!("the margin {margin} of {report} is not in it");
                // Operators of the original took margins out to have matches played again.
                self.log.missing(Check::Matrix, &path, problem);
            } else {
                self.log.unchecked(
                    Check::Matrix,
                    "matches with a report whose margins are not written yet",
                );
            }
        }
    }

    /// Whether the report of a match is there and could not be read.
    fn is_report_broken(&self, round: Round, left: &str, right: &str, audits: bool) -> bool {
        let file = if audits {
            let Some((against, repeat)) = left.rsplit_once('_') else { return false };
            let Ok(repeat) = repeat.parse() else { return false };
            MinerFile::audit(against, repeat)
        } else {
            MinerFile::duels(left)
        };
        self.books.is_broken(&Place::Miner(round, right.to_owned(), file))
    }

    /// A margin without a report: somebody had nothing to judge.
    fn check_walkover(
        &mut self,
        context: &Context,
        [left, right]: [&str; 2],
        found: f64,
        spot: &Spot<'_>,
        audits: bool,
    ) {
        let round = context.round;
        if context.rules != Rules::Crucible && !audits {
            return self.check_early_walkover(context, [left, right], found, spot);
        }
        let (left_outputs, right_outputs) = if audits {
            let Some((against, repeat)) = left
                .rsplit_once('_')
                .and_then(|(against, repeat)| Some((against, repeat.parse().ok()?)))
            else {
                let spot = Spot { at: At::Row(left, right, "left"), ..spot.clone() };
                return self.log.found(
                    Check::Matrix,
                    &spot,
                    "an audit's left side ends with the number of a repeat",
                );
            };
            let left_outputs = if against == SUBMITTED {
                self.outputs(round, right, &[MinerFile::Submitted])
            } else {
                self.brought(round, context.rules, against)
            };
            (left_outputs, self.outputs(round, right, &MinerFile::generated(repeat)))
        } else {
            (self.brought(round, context.rules, left), self.brought(round, context.rules, right))
        };
        let mut has = |outputs: Option<OutputsFile>| {
            outputs.is_some_and(|file| {
                let known = self.delivered.get(&file.path).copied();
                known.unwrap_or_else(|| {
                    let has = delivered(&file.value);
                    self.delivered.insert(file.path.clone(), has);
                    has
                })
            })
        };
        let sides = (has(left_outputs), has(right_outputs));
        let shown = |delivered: bool| if delivered { "delivered" } else { "delivered nothing" };
        match walkover(sides.0, sides.1) {
            Some(expected) => {
                self.log.hold(Check::Matrix, found == expected, spot, || {
                    format!(
                        "{found}, but the defender {} and the challenger {}: {expected}",
                        shown(sides.0),
                        shown(sides.1),
                    )
                });
            }
            None if context.rules != Rules::Crucible
                && [0.0, -1.0, 1.0, 100.0, -100.0].contains(&found) =>
            {
                let what = "walkovers of sides that have outputs now: they came after the match";
                self.log.unchecked(Check::Matrix, what);
            }
            None => self.log.noticed(
                Check::Matrix,
                spot,
                format_args!(
                    "{found}, but there is no report of this match and both sides delivered"
                ),
            ),
        }
    }
}
