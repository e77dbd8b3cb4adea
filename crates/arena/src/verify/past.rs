//! What only the history tells of a round: which rules held while it ran, who wrote its schedule, how often it was closed.

use std::collections::{BTreeMap, BTreeSet};

use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use ledger::files::state::State;
use ledger::repository::Id;
use ledger::{Field as _, Place, Round, RoundFile, Stage, path_text};

use super::report::Check;
use super::{Verifier, diff};

/// Rules of one round that are tried, at most.
const RULES_MAX: usize = 32;

/// Margins that are tried where nobody knows which held, at most.
const MARGINS_MAX: usize = 256;

/// How messages of commits begin by which the original's services bring schedules.
const BY_SERVICE: &str = "Update state (";

/// What was noted while commits were walked.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Files that came with the whole of a round or before the first commit that is there: when they were written is not known.
    pub(super) undated: BTreeSet<String>,
    /// Commits that wrote `config.json`.
    pub(super) configs: Vec<Id>,
    /// Commits that wrote a matrix.
    pub(super) matrices: BTreeMap<String, Vec<Id>>,
    /// Commits that wrote a `judging.json`.
    pub(super) notes: BTreeMap<String, Vec<Id>>,
    /// Commits at which the duels of a round began.
    pub(super) duels: BTreeMap<Round, Id>,
    /// Commits that closed a round.
    pub(super) closed: BTreeMap<Round, Vec<Id>>,
}

impl Past {
    /// Notes a step of the state.
    pub(super) fn step(&mut self, old: &State, new: &State, commit: Id) {
        let (was, is) = (old.current_round, new.current_round);
        if new.stage == Stage::Duels && old.stage != Stage::Paused {
            self.duels.insert(is, commit);
        }
        let went_on = is == was.next() || (is == was && new.stage == Stage::Finished);
        if old.stage == Stage::Finalizing && went_on {
            self.closed.entry(was).or_default().push(commit);
        }
    }
}

/// Whether a commit brings the files of a round at once that come one after the other, as an import or a squash does.
pub(super) fn is_bulk<'a>(new: impl Iterator<Item = &'a String>, is_first: bool) -> bool {
    let (mut begun, mut judged) = (BTreeSet::new(), BTreeSet::new());
    for path in new {
        let Some(Place::Round(round, file)) = Place::parse(path) else { continue };
        match file {
            RoundFile::Prompts | RoundFile::Seed => begun.insert(round),
            RoundFile::MatchesMatrix | RoundFile::Winner | RoundFile::JudgeProgress => {
                judged.insert(round)
            }
            _ => continue,
        };
    }
    let begun_before = is_first && !begun.is_empty();
    begun_before || begun.len() > 1 || begun.intersection(&judged).next().is_some()
}

impl Verifier<'_> {
    /// Whether it is known when a round began.
    pub(super) fn is_dated(&self, round: Round) -> bool {
        let of = |file| self.introduced(&Place::Round(round, file).to_string()).is_some();
        of(RoundFile::Prompts) || of(RoundFile::Submissions)
    }

    /// The rules that held from the beginning of a round to a commit (or to the end), the last ones first.
    pub(super) fn configs_until(
        &self,
        round: Round,
        first: &Config,
        until: Option<Id>,
    ) -> Vec<Config> {
        let began = self.introduced(&Place::Round(round, RoundFile::Prompts).to_string());
        let place = |id: Id| self.order.get(&id).copied();
        let Some(from) = began.and_then(place) else { return vec![first.clone()] };
        let to = until.and_then(place).unwrap_or(usize::MAX);
        let mut all = Vec::new();
        for &commit in self.past.configs.iter().rev() {
            if place(commit).is_none_or(|at| at <= from || at > to) {
                continue;
            }
            let config = self.config_at(commit).or_else(|| self.config_now());
            if let Some(config) = config.filter(|config| !all.contains(config)) {
                all.push(config);
            }
            if all.len() == RULES_MAX {
                break;
            }
        }
        if !all.contains(first) {
            all.push(first.clone());
        }
        all
    }

    /// The rules that held while a round ran, up to its decision; the last ones first. What changed is a remark.
    pub(super) fn configs_of(&mut self, round: Round, first: &Config) -> Vec<Config> {
        let written = |file| self.written.get(&Place::Round(round, file).to_string()).copied();
        let decided = written(RoundFile::Winner).or_else(|| written(RoundFile::JudgeProgress));
        let all = self.configs_until(round, first, decided);
        if all.len() > 1
            && let Some(file) = &self.config
        {
            let members: BTreeSet<String> = all
                .iter()
                .filter_map(|other| diff::first(&other.plain(), &first.plain()))
                .map(|(path, _)| path_text(&path))
                .collect();
            let members: Vec<String> = members.into_iter().collect();
            let problem = format!("changed while round {round} ran: {}", members.join(", "));
            self.log.remark(Check::Config, &file.line(1, ""), problem);
        }
        all
    }

    /// Margins from which a challenger may have won: those of the rules that held, and of the original, if nobody knows which
    /// they were, those that would part the margins that are there, from a third of the usual one to three times as much.
    pub(super) fn margins(
        &self,
        configs: &[Config],
        is_dated: bool,
        seen: impl Iterator<Item = f64>,
    ) -> Vec<f64> {
        let mut all: Vec<f64> = Vec::new();
        for config in configs {
            if !all.contains(&config.win_margin) {
                all.push(config.win_margin);
            }
        }
        if self.log.is_lenient() && !is_dated {
            let usual = configs.last().map_or(0.0, |config| config.win_margin);
            let mut other: Vec<f64> =
                seen.filter(|seen| (usual / 3.0..=usual * 3.0).contains(seen)).collect();
            // Just above a margin counts as well as at the next one.
            other.push(usual * 3.0);
            other.sort_by(f64::total_cmp);
            other.dedup();
            all.extend(other.into_iter().take(MARGINS_MAX));
        }
        all
    }

    /// Whether an operator had a hand in the schedule of a round, as far as that is known.
    pub(super) fn is_planned_by_hand(&self, round: Round) -> bool {
        let path = Place::Round(round, RoundFile::Schedule).to_string();
        let commits = [self.introduced(&path), self.written.get(&path).copied()];
        let message = |id| Some(self.books.repository.commit(id).ok()?.message);
        commits.into_iter().flatten().filter_map(message).any(|text| !text.starts_with(BY_SERVICE))
    }

    /// The schedule of a round as it was when its miners were admitted, if that is known.
    pub(super) fn schedule_of_admission(&self, round: Round) -> Option<Schedule> {
        let of = |file| self.introduced(&Place::Round(round, file).to_string());
        let at = of(RoundFile::Submissions).or_else(|| of(RoundFile::Prompts))?;
        self.books.find_at(at, &Place::Round(round, RoundFile::Schedule))
    }
}
