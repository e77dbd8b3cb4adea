//! Reports of matches belong to the round, and their scores follow from their duels; matrices hold their margins.

use std::collections::BTreeMap;

use judge::audit::{self, SUBMITTED};
use judge::matches::{margin, score, walkover};
use judge::tournament::Intervals;
use ledger::files::config::Config;
use ledger::files::duels::{Duel, DuelWinner, MatchReport, Side};
use ledger::files::matrix::Matrix;
use ledger::files::outputs::{AssetKind, Output, delivered};
use ledger::files::prompts;
use ledger::files::submissions::Submissions;
use ledger::json::Json;
use ledger::{LEADER, MinerFile, Place, Round, RoundFile, Stage, hotkey10};

use super::Verifier;
use super::books::{File, Prompts};
use super::outputs::{OutputsFile, row};
use super::report::{Check, steps};
use super::rules::Rules;

/// What is known of a round while it is checked.
pub(super) struct Context {
    pub(super) round: Round,
    pub(super) rules: Rules,
    pub(super) config: Config,
    pub(super) seed: Option<u32>,
    pub(super) prompts: Option<File<Prompts>>,
    /// Of the prompts, sorted, none twice.
    pub(super) stems: Vec<String>,
    pub(super) submissions: Option<File<Submissions>>,
    /// Who challenges, in order.
    pub(super) order: Vec<String>,
}

impl Context {
    /// The URL of a prompt.
    fn url(&self, stem: &str) -> Option<&str> {
        let urls = &self.prompts.as_ref()?.value;
        urls.iter().map(|(url, _)| url.as_str()).find(|url| prompts::stem(url) == stem)
    }

    /// How many prompts margins are shares of.
    pub(super) fn prompt_count(&self) -> usize {
        self.prompts.as_ref().map_or(0, |file| file.value.len())
    }
}

/// The report of a match.
pub(super) struct Match {
    pub(super) file: File<MatchReport>,
    /// Which repeat, of an audit.
    pub(super) repeat: Option<u32>,
    pub(super) left: Option<OutputsFile>,
    pub(super) right: Option<OutputsFile>,
}

/// What reports say, by the sides in the matrix: path and margin.
#[derive(Default)]
pub(super) struct Played {
    pub(super) margins: BTreeMap<(String, String), (String, f64)>,
    pub(super) intervals: Intervals,
}

impl Verifier<'_> {
    /// Checks every report of a round.
    pub(super) fn check_matches(&mut self, context: &Context) -> Played {
        let mut played = Played::default();
        let folder = format!("rounds/{}/", context.round);
        let places: Vec<Place> =
            self.books.below(&folder).filter_map(|path| Place::parse(path)).collect();
        for place in places {
            let Place::Miner(round, hotkey, file) = &place else { continue };
            let (named, repeat) = match file {
                MinerFile::DuelsWithLeader => (None, None),
                MinerFile::Duels(left) => (Some(left), None),
                MinerFile::Audit(left, repeat) => (Some(left), Some(*repeat)),
                _ => continue,
            };
            let Some(file) = self.books.json::<MatchReport>(&mut self.log, &place) else {
                continue;
            };
            let (left, right) = (file.value.left.clone(), file.value.right.clone());
            let (left_key, right_key) = match context.rules {
                Rules::Splats => ("leader", "hotkey"),
                _ => ("left", "right"),
            };
            let same = named.is_none_or(|named| *named == left || named == hotkey10(&left));
            if !self.log.hold(
                Check::Duels,
                right == *hotkey,
                &file.member(steps![right_key]),
                || format!("\"{}\", but this is a report of {hotkey}", ledger::shorten(&right)),
            ) || !self.log.hold(Check::Duels, same, &file.member(steps![left_key]), || {
                format!("\"{}\", but the name of the file says otherwise", ledger::shorten(&left))
            }) {
                continue;
            }
            let sides = [left.as_str(), hotkey.as_str()];
            let [left_outputs, right_outputs] =
                self.sides(*round, context.rules, sides, repeat, &file.path);
            let one = Match { file, repeat, left: left_outputs, right: right_outputs };
            self.check_duels(context, &one);
            if context.rules == Rules::Crucible {
                self.check_evidence(context, &one);
            }
            self.check_score(context, &one);
            let key = match repeat {
                Some(repeat) => audit::left(&left, repeat),
                None => left,
            };
            let key = (key, right);
            if let Some(interval) = interval_of(&one.file.value) {
                played.intervals.insert(key.clone(), interval);
            }
            if let Some((other, _)) = played.margins.get(&key) {
                let problem = format!("{other} is a report of the same match");
                self.log.found(Check::Duels, &one.file.line(1, ""), problem);
            }
            played.margins.insert(key, (one.file.path.clone(), one.file.value.margin));
        }
        if context.rules != Rules::Crucible && !played.margins.is_empty() {
            let what = "winners of duels between two assets with pictures: the answers of the judge are not recorded";
            self.log.unchecked_times(Check::Evidence, what, played.margins.len() as u64);
        }
        played
    }

    /// Duels are those of the round: each prompt once, with what both sides brought.
    fn check_duels(&mut self, context: &Context, one: &Match) {
        let file = &one.file;
        let names: Vec<&str> = file.value.duels.iter().map(|duel| duel.name.as_str()).collect();
        let out_of_order = names.windows(2).position(|pair| pair[0] >= pair[1]);
        if let Some(at) = out_of_order {
            let problem = format!(
                "\"{}\" stands behind \"{}\"",
                ledger::shorten(names[at + 1]),
                ledger::shorten(names[at])
            );
            self.log.found(Check::Duels, &file.member(steps!["duels", at + 1, "name"]), problem);
        }
        if context.prompts.is_some() && names.len() != context.stems.len() {
            let problem = format!("{} duels for {} prompts", names.len(), context.stems.len());
            self.log.found(Check::Duels, &file.member(steps!["duels"]), problem);
        }
        let mut late = 0;
        let mut unjudged = 0;
        for (at, duel) in file.value.duels.iter().enumerate() {
            let before = self.log.findings();
            if context.prompts.is_some() {
                match context.url(&duel.name) {
                    None => {
                        let problem = "is not the name of a prompt of this round";
                        self.log.found(
                            Check::Duels,
                            &file.member(steps!["duels", at, "name"]),
                            problem,
                        );
                        continue;
                    }
                    Some(url) if url != duel.prompt => {
                        let problem = format!("the prompt is \"{}\"", ledger::shorten(url));
                        self.log.found(
                            Check::Duels,
                            &file.member(steps!["duels", at, "prompt"]),
                            problem,
                        );
                    }
                    Some(_) => {}
                }
            }
            let words = match context.rules {
                Rules::Splats => ["leader", "miner"],
                _ => ["left", "right"],
            };
            let sides = [(&duel.left, &one.left, words[0]), (&duel.right, &one.right, words[1])];
            for (side, outputs, word) in sides {
                let expected = side_of(row(outputs.as_ref(), &duel.name));
                // What the original's leader made may have come after the match.
                let was_late = context.rules != Rules::Crucible
                    && *side == Side::default()
                    && expected != Side::default();
                late += u64::from(was_late);
                let extension = duel.kind.extension();
                let pairs = [
                    (&side.asset, &expected.asset, format!("{word}_{extension}")),
                    (&side.picture, &expected.picture, format!("{word}_png")),
                ];
                for (is, should, member) in pairs.into_iter().filter(|_| !was_late) {
                    if is != should {
                        let spot = file.member(steps!["duels", at, &member]);
                        self.log.found(
                            Check::Duels,
                            &spot,
                            format!("{}, but outputs say {}", url_text(is), url_text(should)),
                        );
                    }
                }
            }
            unjudged +=
                u64::from(duel.winner == DuelWinner::Skipped && context.rules != Rules::Crucible);
            if let Some(winner) = by_default(duel)
                && duel.winner != winner
                && duel.winner != DuelWinner::Skipped
            {
                let problem =
                    format!("{}, but by the pictures that are there it is {winner}", duel.winner);
                self.log.found(Check::Duels, &file.member(steps!["duels", at, "winner"]), problem);
            }
            if self.log.findings() == before {
                self.log.agree(Check::Duels, 1);
            }
        }
        let what =
            "sides of duels without an asset whose outputs have one now: it came after the match";
        self.log.unchecked_times(Check::Duels, what, late);
        self.log.unchecked_times(
            Check::Duels,
            "duels that were not judged (the judge failed)",
            unjudged,
        );
    }

    /// Score and margin follow from the winners.
    fn check_score(&mut self, context: &Context, one: &Match) {
        let file = &one.file;
        let report = &file.value;
        let expected = score(report.duels.iter().map(|duel| duel.winner));
        let spot = file.member(steps!["score"]);
        self.log.hold(Check::Margins, report.score == expected, &spot, || {
            format!("{}, but its duels make {expected}", report.score)
        });
        let prompts = match context.prompt_count() {
            0 => report.duels.len(),
            prompts => prompts,
        };
        let expected = margin(expected, prompts);
        let spot = file.member(steps!["margin"]);
        self.log.hold(Check::Margins, report.margin == expected, &spot, || {
            format!("{}, but its duels make {expected}", report.margin)
        });
        if context.rules == Rules::Splats {
            let wins = report.margin >= context.config.win_margin;
            let word = if wins { "challenger_wins" } else { "leader_defends" };
            let fits = report.outcome.as_deref().is_none_or(|outcome| outcome == word);
            self.log.hold(Check::Margins, fits, &file.member(steps!["outcome"]), || {
                format!("a margin of {} makes \"{word}\"", report.margin)
            });
        }
    }

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
                let line = Matrix::line_of(&file.text, left, right).unwrap_or(1);
                let spot = file.line(line, "margin");
                if context.submissions.is_some()
                    && !context.order.iter().any(|hotkey| hotkey == right)
                {
                    let problem = format!("{} does not take part", ledger::shorten(right));
                    self.log.found(Check::Matrix, &spot, problem);
                    continue;
                }
                if let Some((path, margin)) =
                    played.margins.get(&(left.to_owned(), right.to_owned()))
                {
                    self.log.hold(Check::Matrix, *margin == found, &spot, || {
                        format!("{found}, but {path} has {margin}")
                    });
                    continue;
                }
                self.check_walkover(
                    context, left, right, found, &file.path, &file.text, line, audits,
                );
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
                self.log.found_whole(Check::Matrix, &path, problem);
            } else {
                self.log.unchecked(
                    Check::Matrix,
                    "matches with a report whose margins are not written yet",
                );
            }
        }
    }

    /// A margin without a report: somebody had nothing to judge.
    #[expect(clippy::too_many_arguments, reason = "parts of one line of a file")]
    fn check_walkover(
        &mut self,
        context: &Context,
        left: &str,
        right: &str,
        found: f64,
        path: &str,
        text: &str,
        line: usize,
        audits: bool,
    ) {
        let round = context.round;
        let (left_outputs, right_outputs) = if audits {
            let Some((against, repeat)) = left
                .rsplit_once('_')
                .and_then(|(against, repeat)| Some((against, repeat.parse().ok()?)))
            else {
                let spot =
                    super::report::Spot { path, text, at: super::report::At::Line(line, "left") };
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
        let spot = super::report::Spot { path, text, at: super::report::At::Line(line, "margin") };
        let has =
            |outputs: Option<&OutputsFile>| outputs.is_some_and(|file| delivered(&file.value));
        let sides = (has(left_outputs.as_ref()), has(right_outputs.as_ref()));
        let shown = |delivered: bool| if delivered { "delivered" } else { "delivered nothing" };
        match walkover(sides.0, sides.1) {
            Some(expected) => {
                let factor = if context.rules == Rules::Meshes { 100.0 } else { 1.0 };
                self.log.hold(Check::Matrix, found == expected * factor, &spot, || {
                    format!(
                        "{found}, but the defender {} and the challenger {}: {}",
                        shown(sides.0),
                        shown(sides.1),
                        expected * factor
                    )
                });
            }
            None if context.rules != Rules::Crucible
                && [0.0, -1.0, 1.0, 100.0, -100.0].contains(&found) =>
            {
                let what = "walkovers of sides that have outputs now: they came after the match";
                self.log.unchecked(Check::Matrix, what);
            }
            None => self.log.found(
                Check::Matrix,
                &spot,
                format_args!(
                    "{found}, but there is no report of this match and both sides delivered"
                ),
            ),
        }
    }
}

/// What a row of outputs brings to a duel.
pub(super) fn side_of(row: Option<&Output>) -> Side {
    let Some(row) = row else { return Side::default() };
    let picture = row.picture.as_ref().filter(|picture| !picture.is_empty());
    let picture = picture.map(|picture| match row.kind {
        AssetKind::Module => format!("{picture}/grid.png"),
        AssetKind::Splats | AssetKind::Mesh => picture.clone(),
    });
    Side { asset: row.asset.clone(), picture }
}

/// Who wins because the other has no picture.
fn by_default(duel: &Duel) -> Option<DuelWinner> {
    match (&duel.left.picture, &duel.right.picture) {
        (Some(_), Some(_)) => None,
        (None, None) => Some(DuelWinner::Draw),
        (None, Some(_)) => Some(DuelWinner::Right),
        (Some(_), None) => Some(DuelWinner::Left),
    }
}

/// The end of a URL tells more than its beginning.
fn url_text(url: &Option<String>) -> String {
    const CHARS_MAX: usize = 60;
    let Some(url) = url else { return "nothing".to_owned() };
    let plain: Vec<char> = url.chars().filter(|c| !c.is_control()).collect();
    let from = plain.len().saturating_sub(CHARS_MAX);
    let end: String = plain[from..].iter().collect();
    if from == 0 { format!("\"{end}\"") } else { format!("\"…{end}\"") }
}

/// The interval of a report, if it has one.
fn interval_of(report: &MatchReport) -> Option<[f64; 2]> {
    let bound = |json: &Json| match json {
        Json::Number(text) => text.parse().ok(),
        _ => None,
    };
    match report.layout.get("interval")?.as_array()? {
        [low, high] => Some([bound(low)?, bound(high)?]),
        _ => None,
    }
}

/// Whom hotkeys of files may be.
pub(super) fn is_contestant(context: &Context, hotkey: &str) -> bool {
    hotkey == LEADER || context.order.iter().any(|one| one == hotkey)
}
