//! What was found: disagreements with file and line, what agrees, what could not be checked.

use std::collections::BTreeMap;
use std::fmt;

use indexmap::IndexMap;
use ledger::files::matrix::Matrix;
use ledger::json::{Step, locate};
use ledger::{Round, path_text};
use serde::Serialize;

/// Disagreements that are kept, at most; more are counted.
pub const FINDINGS_MAX: usize = 1000;

/// Disagreements of one file that are kept, at most.
const PER_FILE_MAX: usize = 50;

/// Remarks that are kept, at most; more are counted.
const REMARKS_MAX: usize = 200;

/// Reasons why something was not checked that are kept, at most.
const UNCHECKED_MAX: usize = 1000;

/// Bytes of files that are searched for lines, at most; what is found after that is said to be on line 1.
const SEARCHED_MAX: usize = 4 << 30;

/// Characters of a problem, at most: files are other people's.
const TEXT_MAX: usize = 400;

/// What is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Every file reads as what it should be.
    Files,
    /// The rules make sense.
    Config,
    /// Who was admitted, and that what they committed to is well-formed.
    Submissions,
    /// The seed follows from the chain.
    Seed,
    /// The prompts follow from the seed.
    Prompts,
    /// Blocks and dates of a round.
    Schedule,
    /// Images belong to submissions.
    Builds,
    /// What miners delivered: prompts of the round, hashes of assets.
    Outputs,
    /// Duels belong to their match: prompts, assets, who wins by default.
    Duels,
    /// Winners of duels follow from their evidence.
    Evidence,
    /// Scores, margins and intervals follow from duels.
    Margins,
    /// Matrices hold the margins of the matches.
    Matrix,
    /// Audits were asked for, and their verdicts follow.
    Audits,
    /// The winner follows from margins and audits.
    Winner,
    /// Leaders and weights follow from winners.
    Leader,
    /// State and stage have what belongs to them.
    State,
    /// Nothing that was acknowledged went back, and stages followed each other.
    History,
    /// Pictures drawn again are the same.
    Render,
}

impl Check {
    /// All of them, in the order of a round.
    pub const ALL: [Self; 18] = [
        Self::Files,
        Self::Config,
        Self::Submissions,
        Self::Seed,
        Self::Prompts,
        Self::Schedule,
        Self::Builds,
        Self::Outputs,
        Self::Duels,
        Self::Evidence,
        Self::Margins,
        Self::Matrix,
        Self::Audits,
        Self::Winner,
        Self::Leader,
        Self::State,
        Self::History,
        Self::Render,
    ];

    /// As reports call it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Files => "files",
            Self::Config => "config",
            Self::Submissions => "submissions",
            Self::Seed => "seed",
            Self::Prompts => "prompts",
            Self::Schedule => "schedule",
            Self::Builds => "builds",
            Self::Outputs => "outputs",
            Self::Duels => "duels",
            Self::Evidence => "evidence",
            Self::Margins => "margins",
            Self::Matrix => "matrix",
            Self::Audits => "audits",
            Self::Winner => "winner",
            Self::Leader => "leader",
            Self::State => "state",
            Self::History => "history",
            Self::Render => "render",
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A file that says otherwise than the rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which rule.
    pub check: Check,
    /// Of which round, if of one.
    pub round: Option<u32>,
    /// Its path in the repository.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// The member, as `duels[3].winner`; empty for the file or line as a whole.
    pub field: String,
    /// What stands there, and what should.
    pub problem: String,
    /// The commit that did it, for what only the history tells.
    pub commit: Option<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        write!(f, "{} [{}]", self.problem, self.check)?;
        self.commit.as_deref().map_or(Ok(()), |commit| write!(f, " (commit {commit})"))
    }
}

/// Something that the files do not allow to check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unchecked {
    /// Which rule.
    pub check: Check,
    /// Of which round, if of one.
    pub round: Option<u32>,
    /// What, and why not.
    pub what: String,
    /// How often.
    pub times: u64,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The commit that was looked at; nothing for a plain folder.
    pub commit: Option<String>,
    /// Rounds, and by which era's rules they were checked.
    pub rounds: BTreeMap<u32, &'static str>,
    /// Disagreements; the first is the one to look at, others may follow from it.
    pub findings: Vec<Finding>,
    /// Disagreements beyond those listed.
    pub more: u64,
    /// What stands out in rounds of the original and breaks no rule that it keeps: mostly what operators mended by hand.
    pub remarks: Vec<Finding>,
    /// Remarks beyond those listed.
    pub more_remarks: u64,
    /// How many things agree, by check.
    pub agree: BTreeMap<Check, u64>,
    /// What could not be checked.
    pub unchecked: Vec<Unchecked>,
}

impl Report {
    /// Whether nothing disagrees. Remarks are no disagreements.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }

    fn remark(&mut self, remark: Finding) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(remark);
        } else {
            self.more_remarks += 1;
        }
    }
}

/// A place in a file.
#[derive(Debug, Clone)]
pub(super) struct Spot<'a> {
    pub(super) path: &'a str,
    pub(super) text: &'a str,
    pub(super) at: At<'a>,
}

/// Where in it.
#[derive(Debug, Clone)]
pub(super) enum At<'a> {
    /// A line, from 1, and a name for what is wrong with it.
    Line(usize, &'a str),
    /// A member.
    Member(Vec<Step>),
    /// A match in a matrix, and a name for what is wrong with it.
    Row(&'a str, &'a str, &'a str),
}

/// A member of a file, from keys and items.
macro_rules! steps {
    ($($step:expr),* $(,)?) => { vec![$($crate::verify::report::ToStep::step($step)),*] };
}
pub(super) use steps;

/// What a step into a file can be made of.
pub(super) trait ToStep {
    fn step(self) -> Step;
}

impl ToStep for &str {
    fn step(self) -> Step {
        Step::Key(self.to_owned())
    }
}

impl ToStep for &String {
    fn step(self) -> Step {
        Step::Key(self.clone())
    }
}

impl ToStep for usize {
    fn step(self) -> Step {
        Step::Item(self)
    }
}

/// Collects.
#[derive(Debug, Default)]
pub(super) struct Log {
    report: Report,
    round: Option<Round>,
    /// Whether what follows is of the original, whose files promise less.
    is_lenient: bool,
    per_file: BTreeMap<String, usize>,
    remarks_per_file: BTreeMap<String, usize>,
    searched: usize,
    unchecked: IndexMap<(Check, Option<u32>, String), u64>,
}

impl Log {
    /// What follows is of this round, or of none.
    pub(super) fn enter(&mut self, round: Option<Round>) {
        self.round = round;
    }

    /// Whether what follows is of the original: what breaks no rule that it keeps is a remark then, and what is not there or is
    /// of an unknown shape could not be checked.
    pub(super) fn be_lenient(&mut self, is_lenient: bool) {
        self.is_lenient = is_lenient;
    }

    /// Whether what is looked at is of the original.
    pub(super) fn is_lenient(&self) -> bool {
        self.is_lenient
    }

    fn number(&self) -> Option<u32> {
        self.round.map(|round| round.0)
    }

    /// A disagreement.
    pub(super) fn found(&mut self, check: Check, spot: &Spot<'_>, problem: impl fmt::Display) {
        if !self.has_room(spot.path) {
            return;
        }
        let (line, field) = self.line(spot);
        self.push(check, spot.path, line, field, problem.to_string(), None);
    }

    /// A disagreement, or with the original's files a remark.
    pub(super) fn noticed(&mut self, check: Check, spot: &Spot<'_>, problem: impl fmt::Display) {
        if self.is_lenient {
            self.remark(check, spot, problem);
        } else {
            self.found(check, spot, problem);
        }
    }

    /// A remark.
    pub(super) fn remark(&mut self, check: Check, spot: &Spot<'_>, problem: impl fmt::Display) {
        let of_file = self.remarks_per_file.entry(spot.path.to_owned()).or_insert(0);
        *of_file += 1;
        // Looking for the line takes time, so it is not done for what is only counted.
        if *of_file > PER_FILE_MAX || self.report.remarks.len() >= REMARKS_MAX {
            self.report.more_remarks += 1;
            return;
        }
        let (line, field) = self.line(spot);
        let finding = self.finding(check, spot.path, line, field, &problem.to_string(), None);
        self.report.remark(finding);
    }

    /// Line and member of a place.
    fn line(&mut self, spot: &Spot<'_>) -> (usize, String) {
        let field = match &spot.at {
            At::Line(_, name) | At::Row(.., name) => (*name).to_owned(),
            At::Member(path) => path_text(path),
        };
        if let At::Line(line, _) = spot.at {
            return (line, field);
        }
        if self.searched > SEARCHED_MAX {
            return (1, field);
        }
        self.searched += spot.text.len();
        let line = match &spot.at {
            At::Row(left, right, _) => Matrix::line_of(spot.text, left, right).unwrap_or(1),
            At::Member(path) => locate(spot.text, path).0,
            At::Line(line, _) => *line,
        };
        (line, field)
    }

    /// Agreement, or what [`Log::noticed`] makes of it.
    pub(super) fn hold_or_notice(
        &mut self,
        check: Check,
        holds: bool,
        spot: &Spot<'_>,
        problem: impl FnOnce() -> String,
    ) -> bool {
        if holds {
            self.agree(check, 1);
        } else {
            self.noticed(check, spot, problem());
        }
        holds
    }

    /// A file that is not there, or not as it should be as a whole: of the original, something that could not be checked.
    pub(super) fn missing(&mut self, check: Check, path: &str, problem: impl fmt::Display) {
        if self.is_lenient {
            self.unchecked(check, format!("{path} {problem}"));
        } else {
            self.found_whole(check, path, problem);
        }
    }

    /// A disagreement with a file that may not even be there.
    pub(super) fn found_whole(&mut self, check: Check, path: &str, problem: impl fmt::Display) {
        if self.has_room(path) {
            self.push(check, path, 1, String::new(), problem.to_string(), None);
        }
    }

    /// A disagreement that a commit brought.
    pub(super) fn found_in_commit(
        &mut self,
        path: &str,
        line: impl FnOnce() -> usize,
        commit: impl fmt::Display,
        problem: impl fmt::Display,
    ) {
        if self.has_room(path) {
            let commit = Some(commit.to_string());
            let problem = problem.to_string();
            self.push(Check::History, path, line(), String::new(), problem, commit);
        }
    }

    fn has_room(&mut self, path: &str) -> bool {
        let of_file = self.per_file.entry(path.to_owned()).or_insert(0);
        *of_file += 1;
        let fits = *of_file <= PER_FILE_MAX && self.report.findings.len() < FINDINGS_MAX;
        self.report.more += u64::from(!fits);
        fits
    }

    fn push(
        &mut self,
        check: Check,
        path: &str,
        line: usize,
        field: String,
        problem: String,
        commit: Option<String>,
    ) {
        let finding = self.finding(check, path, line, field, &problem, commit);
        self.report.findings.push(finding);
    }

    fn finding(
        &self,
        check: Check,
        path: &str,
        line: usize,
        field: String,
        problem: &str,
        commit: Option<String>,
    ) -> Finding {
        let (file, problem, round) = (plain(path), plain(problem), self.number());
        Finding { check, round, file, line, field, problem, commit }
    }

    /// A file that cannot be read: of the original, one that could not be checked.
    pub(super) fn unreadable(&mut self, error: &ledger::FileError) {
        if self.is_lenient {
            self.unchecked(Check::Files, format!("a file that reads otherwise: {error}"));
        } else if self.has_room(&error.file) {
            let problem = format!("{}; {}", error.problem, error.repair);
            self.push(Check::Files, &error.file, error.line, error.field.clone(), problem, None);
        }
    }

    /// So many things agree.
    pub(super) fn agree(&mut self, check: Check, times: u64) {
        *self.report.agree.entry(check).or_insert(0) += times;
    }

    /// Agreement, or a disagreement.
    pub(super) fn hold(
        &mut self,
        check: Check,
        holds: bool,
        spot: &Spot<'_>,
        problem: impl FnOnce() -> String,
    ) -> bool {
        if holds {
            self.agree(check, 1);
        } else {
            self.found(check, spot, problem());
        }
        holds
    }

    /// Something that cannot be checked.
    pub(super) fn unchecked(&mut self, check: Check, what: impl Into<String>) {
        self.unchecked_times(check, what, 1);
    }

    /// The same, several times at once.
    pub(super) fn unchecked_times(&mut self, check: Check, what: impl Into<String>, times: u64) {
        let key = (check, self.number(), plain(&what.into()));
        if times > 0 && (self.unchecked.len() < UNCHECKED_MAX || self.unchecked.contains_key(&key))
        {
            *self.unchecked.entry(key).or_insert(0) += times;
        }
    }

    /// Puts what another collected behind this. What it found of rounds that `is_remark` says yes to are remarks.
    pub(super) fn append(&mut self, other: Self, is_remark: impl Fn(Option<u32>) -> bool) {
        let Report { findings, more, agree, .. } = other.report;
        let (remarks, findings): (Vec<_>, Vec<_>) =
            findings.into_iter().partition(|finding| is_remark(finding.round));
        for remark in remarks {
            self.report.remark(remark);
        }
        // Those that were not kept may have been of any round.
        let (more, more_remarks) = if is_remark(None) { (0, more) } else { (more, 0) };
        self.report.more_remarks += more_remarks;
        let room = FINDINGS_MAX.saturating_sub(self.report.findings.len());
        self.report.more += more + findings.len().saturating_sub(room) as u64;
        self.report.findings.extend(findings.into_iter().take(room));
        for (check, times) in agree {
            self.agree(check, times);
        }
        for (key, times) in other.unchecked {
            *self.unchecked.entry(key).or_insert(0) += times;
        }
    }

    /// By which rules a round is checked.
    pub(super) fn rules(&mut self, round: Round, rules: &'static str) {
        self.report.rounds.insert(round.0, rules);
    }

    /// Whether nothing disagrees so far.
    pub(super) fn findings(&self) -> usize {
        self.report.findings.len()
    }

    pub(super) fn end(self) -> Report {
        let unchecked = self.unchecked.into_iter().map(|((check, round, what), times)| Unchecked {
            check,
            round,
            what,
            times,
        });
        Report { unchecked: unchecked.collect(), ..self.report }
    }
}

/// Other people's text on one line of bounded length.
fn plain(text: &str) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect();
    if text.chars().nth(TEXT_MAX).is_some() {
        out.push('…');
    }
    out
}
