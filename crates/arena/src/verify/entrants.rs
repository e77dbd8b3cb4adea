//! Blocks of a round, who took part in it, and their images.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use ledger::files::builds::Builds;
use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use ledger::files::submissions::{Submission, Submissions};
use ledger::{Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::report::{Check, Spot, steps};
use super::rules::Rules;
use crate::collector::planned_deadline;
use crate::schedule::{block_time, blocks_of};

impl Verifier<'_> {
    /// Checks `schedule.json` of a round against the one before and the rules.
    pub(super) fn check_schedule(&mut self, round: Round, config: &Config, file: &File<Schedule>) {
        let schedule = &file.value;
        let (from, to) = (schedule.earliest_reveal_block, schedule.latest_reveal_block);
        let spot = file.member(steps!["earliest_reveal_block"]);
        self.log.hold(Check::Schedule, from <= to, &spot, || {
            format!("{from} is after latest_reveal_block, {to}")
        });
        if let (Some(deadline), Some(minutes)) =
            (schedule.generation_deadline_block, config.generation_stage_minutes)
        {
            let block_time = block_time(schedule);
            let expected =
                blocks_of(minutes, block_time).and_then(|blocks| to.checked_add_signed(blocks));
            // A round that began late keeps what was planned beside its deadline.
            let deadline = planned_deadline(schedule).unwrap_or(deadline);
            let spot = file.member(steps!["generation_deadline_block"]);
            if round == Round(0) {
                // Written by hand: whatever it is, it holds.
                self.log.hold(Check::Schedule, deadline >= to, &spot, || {
                    format!("{deadline} is before latest_reveal_block, {to}")
                });
            } else if self.log.is_lenient()
                && expected != Some(deadline)
                && !self.is_schedule_dated(round)
            {
                let what =
                    "the deadline of generations: config.json may have been another one then";
                self.log.unchecked(Check::Schedule, what);
            } else {
                self.hold_plan(round, expected == Some(deadline), &spot, || {
                    format!(
                        "{deadline}, but latest_reveal_block {to} and {minutes} minutes of {} s blocks make {}",
                        block_time.as_secs_f64(),
                        expected.map_or("nothing".to_owned(), |block| block.to_string()),
                    )
                });
            }
        }
        let previous = round.previous().map(|before| Place::Round(before, RoundFile::Schedule));
        let previous: Option<File<Schedule>> =
            previous.and_then(|place| self.books.json(&mut self.log, &place));
        if let Some(previous) = &previous {
            let expected = previous.value.latest_reveal_block.saturating_add(1);
            let spot = file.member(steps!["earliest_reveal_block"]);
            self.hold_plan(round, from == expected, &spot, || {
                format!("{from}, but the round before ends with block {}", expected - 1)
            });
        } else if round > Round(0) {
            self.log.unchecked(Check::Schedule, "the round before has no schedule.json");
        }
        if round > Round(0) {
            self.check_calendar(config, file, previous.as_ref().map(|file| &file.value));
        }
    }

    /// Whether it is known when the schedule of a round was made.
    fn is_schedule_dated(&self, round: Round) -> bool {
        self.introduced(&Place::Round(round, RoundFile::Schedule).to_string()).is_some()
    }

    /// Holds blocks against the rules. Schedules that an operator of the original wrote by hand follow none, nor does the one
    /// behind them.
    fn hold_plan(
        &mut self,
        round: Round,
        holds: bool,
        spot: &Spot<'_>,
        problem: impl FnOnce() -> String,
    ) {
        let by_hand = self.is_planned_by_hand(round)
            || round.previous().is_some_and(|before| self.is_planned_by_hand(before))
            || !self.is_schedule_dated(round);
        if by_hand {
            self.log.hold_or_notice(Check::Schedule, holds, spot, problem);
        } else {
            self.log.hold(Check::Schedule, holds, spot, problem);
        }
    }

    /// The day of the start.
    fn check_calendar(
        &mut self,
        config: &Config,
        file: &File<Schedule>,
        before: Option<&Schedule>,
    ) {
        let Some(start) = file.value.planned_start else {
            let what = "the time at which the round was planned to start is not recorded: only its blocks are checked";
            return self.log.unchecked(Check::Schedule, what);
        };
        let spot = file.member(steps!["planned_start"]);
        let local = start.to_zoned(TimeZone::UTC).datetime();
        self.log.hold(Check::Schedule, local.time() == config.round_start_time, &spot, || {
            format!("rounds start at {}, this one at {}", config.round_start_time, local.time())
        });
        let (first, last) = (config.first_evaluation_date, config.last_competition_date);
        let day = local.date();
        self.log.hold(Check::Schedule, (first..=last).contains(&day), &spot, || {
            format!("{day} is not from {first} to {last}")
        });
        let Some(earlier) = before.and_then(|before| before.planned_start) else { return };
        let earlier = earlier.to_zoned(TimeZone::UTC).date();
        let least = i32::try_from(config.round_duration_days).ok();
        let least =
            least.and_then(|days| earlier.checked_add(jiff::Span::new().try_days(days).ok()?).ok());
        let fits = least.is_none_or(|least: Date| day >= least);
        self.log.hold(Check::Schedule, fits, &spot, || {
            format!(
                "{day} is not {} days after the start before, {earlier}",
                config.round_duration_days
            )
        });
    }

    /// Checks `submissions.json` of a round by itself and against the schedule.
    pub(super) fn check_submissions(
        &mut self,
        round: Round,
        rules: Rules,
        config: &Config,
        schedule: Option<&Schedule>,
        file: &File<Submissions>,
    ) {
        let name = format!("{}-{round}", config.name);
        // Operators of the original moved windows after they were over.
        let then = self.schedule_of_admission(round).filter(|_| self.log.is_lenient());
        let is_moved = self.log.is_lenient() && then.is_none();
        let schedule = then.as_ref().or(schedule);
        let mut block = 0;
        for (hotkey, submission) in &file.value {
            let before = self.log.findings();
            let revealed = submission.revealed_at_block;
            // The original's judge sorts them again, and some were added by hand.
            if revealed < block {
                let spot = file.member(steps![hotkey, "revealed_at_block"]);
                let problem = format!(
                    "{revealed} stands after {block}: submissions are in the order of their blocks"
                );
                self.log.noticed(Check::Submissions, &spot, problem);
            }
            // What the original's competition was called then is only known with its history.
            let is_dated = self.introduced.contains_key(&file.path);
            let is_named = if self.log.is_lenient() && !is_dated {
                submission.round.ends_with(&format!("-{round}"))
            } else {
                submission.round == name
            };
            let mut check = |holds: bool, member: &str, problem: &dyn Fn() -> String| {
                if !holds {
                    self.log.found(
                        Check::Submissions,
                        &file.member(steps![hotkey, member]),
                        problem(),
                    );
                }
            };
            check(is_named, "round", &|| {
                format!("\"{}\", but this is \"{name}\"", ledger::shorten(&submission.round))
            });
            block = block.max(revealed);
            if let Some(schedule) = schedule {
                let (from, to) = (schedule.earliest_reveal_block, schedule.latest_reveal_block);
                let problem = || format!("{revealed} is not from {from} to {to}");
                let holds = (from..=to).contains(&revealed);
                if is_moved && !holds {
                    let spot = file.member(steps![hotkey, "revealed_at_block"]);
                    self.log.noticed(Check::Submissions, &spot, problem());
                } else {
                    check(holds, "revealed_at_block", &problem);
                }
            }
            for (member, problem) in form_problems(rules, hotkey, submission) {
                let spot = file.member(steps![hotkey, member]);
                self.log.noticed(Check::Submissions, &spot, problem);
            }
            if self.log.findings() == before {
                self.log.agree(Check::Submissions, 1);
            }
        }
        if rules != Rules::Crucible {
            let what = "what miners committed to on the chain is not recorded: who was admitted, and the order of those \
                        revealed in one block, is taken as it is";
            self.log.unchecked(Check::Submissions, what);
            self.log.unchecked(Check::Seed, "the seed was drawn at random and is taken as it is");
        }
    }

    /// Checks that images belong to submissions.
    pub(super) fn check_builds(
        &mut self,
        round: Round,
        submissions: &Submissions,
        file: Option<&File<Builds>>,
    ) {
        let Some(file) = file else {
            let place = Place::Round(round, RoundFile::Builds);
            if !submissions.is_empty() && self.has_left(round, Stage::Duels) {
                let problem = "is not there, but the round is over";
                self.log.missing(Check::Builds, &place.to_string(), problem);
            }
            return;
        };
        for (hotkey, build) in &file.value {
            let Some(submission) = submissions.get(hotkey) else {
                let problem = "is not in submissions.json";
                self.log.noticed(Check::Builds, &file.member(steps![hotkey]), problem);
                continue;
            };
            let tag = format!("{}-{}", start(&submission.commit, 7), submission.round);
            let pairs = [
                ("repo", &build.repo, &submission.repo),
                ("commit", &build.commit, &submission.commit),
                ("tag", &build.tag, &tag),
            ];
            for (member, is, should) in pairs {
                self.log.hold(
                    Check::Builds,
                    is == should,
                    &file.member(steps![hotkey, member]),
                    || {
                        format!(
                            "\"{}\", but the submission makes it \"{}\"",
                            ledger::shorten(is),
                            ledger::shorten(should)
                        )
                    },
                );
            }
            let (is, should) = (build.revealed_at_block, submission.revealed_at_block);
            let spot = file.member(steps![hotkey, "revealed_at_block"]);
            self.log.hold(Check::Builds, is == should, &spot, || {
                format!("{is}, but the submission says {should}")
            });
        }
    }
}

/// What is wrong with a submission by itself.
fn form_problems(
    rules: Rules,
    hotkey: &str,
    submission: &Submission,
) -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    let commit = submission.commit.as_str();
    let hex = |text: &str| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hotkey.chars().count() < 10 {
        found.push(("repo", "a hotkey has ten characters or more"));
    }
    let strict = matches!(rules, Rules::Crucible | Rules::Modules);
    if commit.chars().count() != 40 || (strict && !hex(commit)) {
        found.push(("commit", "is no commit: 40 hex digits in small letters"));
    }
    let part = |text: &str| {
        let dots = rules == Rules::Crucible;
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || c == '_' || c == '-' || (dots && c == '.'))
    };
    let repo = submission.repo.split_once('/');
    if !repo.is_some_and(|(owner, name)| part(owner) && part(name)) {
        found.push(("repo", "is no owner/name"));
    }
    match &submission.cdn_url {
        None if rules == Rules::Splats => {}
        None => found.push(("repo", "cdn_url is missing")),
        Some(url) => {
            let is_web = url.starts_with("http://") || url.starts_with("https://");
            if !is_web || url.chars().count() > 2083 {
                found.push(("cdn_url", "is no http or https URL of at most 2083 characters"));
            }
        }
    }
    found
}

/// The first characters.
fn start(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(at, _)| &text[..at])
}
