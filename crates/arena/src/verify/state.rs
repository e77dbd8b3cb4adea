//! The state has what belongs to it, and the rules make sense.

use ledger::files::schedule::Schedule;
use ledger::{Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::report::{Check, steps};

impl Verifier<'_> {
    /// Checks `config.json` by itself.
    pub(super) fn check_config(&mut self) {
        let Some(file) = self.config.take() else {
            if !self.books.has(&Place::Config) {
                self.log.missing(
                    Check::Config,
                    "config.json",
                    "is not there: nothing that depends on rules is checked",
                );
            }
            return;
        };
        let problems = file.value.problems();
        if problems.is_empty() {
            self.log.agree(Check::Config, 1);
        }
        for problem in problems {
            let way = problem.field.split('.').map(|part| ledger::json::Step::Key(part.to_owned()));
            let spot = file.member(way.collect());
            let problem = format!("{}; {}", problem.problem, problem.repair);
            self.log.noticed(Check::Config, &spot, problem);
        }
        self.config = Some(file);
    }

    /// Checks `state.json` against the rounds that are there.
    pub(super) fn check_state(&mut self, rounds: &[Round]) {
        let Some(file) = self.state.take() else {
            if !self.books.has(&Place::State) {
                self.log.missing(
                    Check::State,
                    "state.json",
                    "is not there: which stages are over is not known",
                );
            }
            return;
        };
        let state = &file.value;
        let round = state.current_round;
        let spot = file.member(steps!["current_round"]);
        let last = rounds.last().copied().unwrap_or(Round(0));
        self.log.hold_or_notice(Check::State, last <= round, &spot, || {
            format!("{round}, but there are files of round {last}")
        });
        if let (Stage::Open, Some(eta)) = (state.stage, state.next_stage_eta) {
            let place = Place::Round(round, RoundFile::Schedule);
            let schedule: Option<File<Schedule>> = self.books.json(&mut self.log, &place);
            if let Some(start) = schedule.and_then(|schedule| schedule.value.planned_start) {
                let spot = file.member(steps!["next_stage_eta"]);
                self.log.hold(Check::State, eta == start, &spot, || {
                    format!("{eta}, but the round is planned for {start}")
                });
            }
        }
        self.state = Some(file);
    }

    /// Checks that stages which are over left what they make.
    pub(super) fn check_left_behind(&mut self, round: Round) {
        let path = |file| Place::Round(round, file).to_string();
        let has = |this: &Self, file| this.books.has(&Place::Round(round, file));
        if self.state.is_some() && !has(self, RoundFile::Schedule) {
            self.log.missing(
                Check::State,
                &path(RoundFile::Schedule),
                "is not there, but the round has begun",
            );
        }
        if !self.has_left(round, Stage::Open) {
            return;
        }
        let files = [RoundFile::Seed, RoundFile::Prompts, RoundFile::Submissions];
        let there = files.iter().filter(|file| has(self, **file)).count();
        // Of the splat era's empty rounds there is an empty list; in the others operators wrote what the next round needed.
        let nobody = self.log.is_lenient() && self.was_empty(round);
        if nobody && there > 0 {
            return;
        }
        if there == 0 {
            // Nobody submitted anything: then nothing of the round may be there.
            for file in [RoundFile::Builds, RoundFile::MatchesMatrix, RoundFile::AuditMatrix] {
                if has(self, file) {
                    let problem = "is there, but nobody took part in the round";
                    self.log.missing(Check::State, &path(file), problem);
                }
            }
            return;
        }
        for file in files {
            if !has(self, file) {
                self.log.missing(
                    Check::State,
                    &path(file),
                    "is not there, but miners have been admitted",
                );
            }
        }
    }
}
