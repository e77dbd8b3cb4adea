//! Who won follows from margins, reports and audits; what was published of audits follows too.

use std::collections::BTreeMap;

use judge::audit;
use judge::tournament::{Inputs, Rules as TournamentRules, Status, Timeline, derive};
use ledger::files::audits::{
    AuditRequests, GenerationAudit, GenerationAudits, SourceAudits, Verdict,
};
use ledger::files::builds::Builds;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::matrix::Matrix;
use ledger::files::reports::GenerationReports;
use ledger::files::schedule::Schedule;
use ledger::files::winner::Winner;
use ledger::repository::Snapshot;
use ledger::{LEADER, Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::matches::{Context, Played};
use super::report::{Check, steps};
use super::rules::Rules;
use crate::judging::Notes;

/// Files that a round's outcome follows from.
pub(super) struct Basis {
    pub(super) matches: Option<File<Matrix>>,
    pub(super) audits: Option<File<Matrix>>,
    pub(super) reports: Option<File<GenerationReports>>,
    pub(super) sources: Option<File<SourceAudits>>,
    pub(super) requests: Option<File<AuditRequests>>,
    pub(super) verdicts: Option<File<GenerationAudits>>,
    pub(super) builds: Option<File<Builds>>,
    pub(super) winner: Option<File<Winner>>,
}

impl Verifier<'_> {
    /// Reads them.
    pub(super) fn basis(&mut self, round: Round) -> Basis {
        let sources = self.sources(round);
        let log = &mut self.log;
        let place = |file| Place::Round(round, file);
        Basis {
            matches: self.books.matrix(log, &place(RoundFile::MatchesMatrix)),
            audits: self.books.matrix(log, &place(RoundFile::AuditMatrix)),
            reports: self.books.json(log, &place(RoundFile::GenerationReports)),
            sources,
            requests: self.books.json(log, &place(RoundFile::RequireAudit)),
            verdicts: self.books.json(log, &place(RoundFile::GenerationAudits)),
            builds: self.books.json(log, &place(RoundFile::Builds)),
            winner: self.books.json(log, &place(RoundFile::Winner)),
        }
    }

    /// What people had found when the winner was decided, where the history tells: later findings changed nothing.
    fn sources(&mut self, round: Round) -> Option<File<SourceAudits>> {
        let place = Place::Round(round, RoundFile::SourceAudit);
        let file: File<SourceAudits> = self.books.json(&mut self.log, &place)?;
        let decided = self.introduced(&Place::Round(round, RoundFile::Winner).to_string());
        let then =
            decided.and_then(|id| Snapshot::new(self.books.repository, id).find(&place).ok());
        Some(match then {
            Some(then) => File { value: then.unwrap_or_default(), ..file },
            None => file,
        })
    }

    /// The outcome by the rules of the module era and by ours.
    pub(super) fn check_outcome(&mut self, context: &Context, played: &Played, basis: &Basis) {
        let order: Vec<&str> = context.order.iter().map(String::as_str).collect();
        let rejected = self.rejected(context);
        let (empty, no_reports) = (Matrix::default(), GenerationReports::default());
        let sources = basis.sources.as_ref().map_or(&[][..], |file| file.value.as_slice());
        let inputs = Inputs {
            rules: TournamentRules::of(&context.config),
            order: &order,
            matches: basis.matches.as_ref().map_or(&empty, |file| &file.value),
            intervals: &played.intervals,
            audits: basis.audits.as_ref().map_or(&empty, |file| &file.value),
            reports: basis.reports.as_ref().map_or(&no_reports, |file| &file.value),
            sources,
            rejected: &rejected,
        };
        let timeline = derive(&inputs);
        if let Some(open) = unfinished(&timeline) {
            self.check_end(context, basis, Err(open));
        } else {
            self.check_end(context, basis, Ok(timeline.winner()));
        }
        self.check_verdicts(context, &timeline, basis);
        if !sources.is_empty() {
            let what = "audits of miners' sources are made by people: their verdicts are taken as they are";
            self.log.unchecked_times(Check::Audits, what, sources.len() as u64);
        }
        if basis.reports.as_ref().is_some_and(|file| !file.value.is_empty()) {
            let what = "outputs of miners' images were made on pods: times and failures are taken as they were recorded";
            self.log.unchecked(Check::Audits, what);
        }
    }

    /// Who is out because of something it owed, as the judge of a round of ours noted down.
    fn rejected(&mut self, context: &Context) -> BTreeMap<String, String> {
        let path = Notes::path(context.round);
        if context.rules != Rules::Crucible {
            return BTreeMap::new();
        }
        let Some(text) = self.books.text(&mut self.log, &path) else { return BTreeMap::new() };
        let notes = match Notes::from_text(&path, &text) {
            Ok(notes) => notes,
            Err(error) => {
                self.log.found_whole(Check::Files, &path, error);
                return BTreeMap::new();
            }
        };
        if let (Some(hours), Some(began), Some(closed)) =
            (context.config.options().audit_deadline_hours, notes.began_at, notes.closed_at)
        {
            let passed = closed.duration_since(began).as_secs_f64() / 3600.0;
            if passed < hours {
                let problem = format!(
                    "closed_at: {closed} is {passed:.2} hours after {began}, the deadline is {hours}"
                );
                self.log.found_whole(Check::Audits, &path, problem);
            }
        }
        if !notes.rejected.is_empty() {
            let what = "who owed something at the deadline: when it came is not in the files";
            self.log.unchecked_times(Check::Audits, what, notes.rejected.len() as u64);
        }
        notes.rejected
    }

    /// What was published of audits.
    fn check_verdicts(&mut self, context: &Context, timeline: &Timeline, basis: &Basis) {
        let round = context.round;
        let requests = basis.requests.as_ref().map_or(&[][..], |file| file.value.as_slice());
        let is_over = self.has_left(round, Stage::Duels);
        let path = Place::Round(round, RoundFile::RequireAudit).to_string();
        for entry in timeline.entries.iter().filter(|entry| entry.status == Status::Won) {
            let of = requests.iter().rposition(|request| request.hotkey == entry.hotkey);
            let asked = of.and_then(|at| requests[at].latest_defender.as_deref());
            if asked == Some(entry.defender.as_str()) {
                self.log.agree(Check::Audits, 1);
            } else if is_over {
                let problem = format!(
                    "{} won against {}, but no audit against it was asked for",
                    entry.hotkey, entry.defender
                );
                match (&basis.requests, of) {
                    (Some(file), Some(at)) => self.log.found(
                        Check::Audits,
                        &file.member(steps![at, "latest_defender"]),
                        problem,
                    ),
                    _ => self.log.found_whole(Check::Audits, &path, problem),
                }
            }
        }
        let none = GenerationAudits::default();
        let stated = basis.verdicts.as_ref().map_or(&none, |file| &file.value);
        let expected = audit::verdicts(timeline, requests, &none);
        if let (Some(file), Rules::Crucible) = (&basis.verdicts, context.rules) {
            for hotkey in stated.keys().filter(|hotkey| !expected.contains_key(*hotkey)) {
                let problem = "has a verdict, and none follows from its margins";
                self.log.found(Check::Audits, &file.member(steps![hotkey]), problem);
            }
        }
        for (hotkey, row) in expected {
            let (Some(expected), GenerationAudit::Duels(row)) = (row.verdict(), &row) else {
                continue;
            };
            let path = Place::Round(round, RoundFile::GenerationAudits).to_string();
            match (stated.get(&hotkey), &basis.verdicts) {
                (Some(found), Some(file)) => {
                    let spot = file.member(steps![&hotkey, "verdict"]);
                    let same = found.verdict() == Some(expected);
                    if self.log.hold(Check::Audits, same, &spot, || {
                        let reason = if row.reason.is_empty() { "" } else { ": " };
                        format!("by its margins it {}{reason}{}", word(expected), row.reason)
                    }) {
                        let spot = file.member(steps![&hotkey, "reason"]);
                        self.log.hold(Check::Audits, found.reason() == row.reason, &spot, || {
                            format!("by its margins the reason is \"{}\"", row.reason)
                        });
                    }
                }
                _ if is_over => {
                    let problem =
                        format!("{hotkey} {} by its margins, and has no verdict", word(expected));
                    self.log.found_whole(Check::Audits, &path, problem);
                }
                _ => {}
            }
        }
    }

    /// The end of a round against what it has to be: the winner, or why there is none yet.
    pub(super) fn check_end(
        &mut self,
        context: &Context,
        basis: &Basis,
        derived: Result<&str, String>,
    ) {
        let round = context.round;
        let path = Place::Round(round, RoundFile::Winner).to_string();
        let Some(file) = &basis.winner else {
            if self.has_left(round, Stage::Duels) && context.rules != Rules::Splats {
                self.log.found_whole(
                    Check::Winner,
                    &path,
                    "is not there, but the round's duels are over",
                );
            }
            return;
        };
        let winner = &file.value;
        let spot = file.member(steps!["winner_hotkey"]);
        let derived = match derived {
            Ok(derived) => derived,
            Err(open) => {
                return self.log.found(
                    Check::Winner,
                    &spot,
                    format_args!("there can be no winner yet: {open}"),
                );
            }
        };
        if !self.log.hold(Check::Winner, winner.winner_hotkey == derived, &spot, || {
            format!(
                "\"{}\", but by the matches and audits it is {derived}",
                ledger::shorten(&winner.winner_hotkey)
            )
        }) {
            return;
        }
        let expected = if derived == LEADER {
            let Some(entry) = self.leader_of(round) else {
                return self.log.unchecked(
                    Check::Winner,
                    "what the leader of this round runs: leader.json does not say",
                );
            };
            [entry.repo, entry.commit, entry.docker]
        } else {
            let build = basis.builds.as_ref().and_then(|file| file.value.get(derived));
            let Some(build) = build else {
                return self.log.found(Check::Winner, &spot, "the winner is not in builds.json");
            };
            let image = build.runnable().map(str::to_owned);
            [Some(build.repo.clone()), Some(build.commit.clone()), image]
        };
        let stated = [
            ("repo", &winner.repo),
            ("commit", &winner.commit),
            ("docker_image", &winner.docker_image),
        ];
        let source = if derived == LEADER { "leader.json" } else { "builds.json" };
        for ((member, is), should) in stated.into_iter().zip(expected) {
            // Documents from before leave members of leaders out.
            if derived == LEADER && should.is_none() {
                continue;
            }
            self.log.hold(
                Check::Winner,
                Some(is) == should.as_ref(),
                &file.member(steps![member]),
                || {
                    format!(
                        "\"{}\", but {source} says {}",
                        ledger::shorten(is),
                        should.as_ref().map_or("nothing".to_owned(), |should| format!(
                            "\"{}\"",
                            ledger::shorten(should)
                        )),
                    )
                },
            );
        }
    }

    /// The base leader of a round: the last entry that was there when it began.
    pub(super) fn leader_of(&mut self, round: Round) -> Option<LeaderEntry> {
        let schedule: Option<File<Schedule>> =
            self.books.json(&mut self.log, &Place::Round(round, RoundFile::Schedule));
        let leaders: File<Leaders> = self.books.json(&mut self.log, &Place::Leader)?;
        let entries = leaders.value.entries;
        let Some(schedule) = schedule else { return entries.last().cloned() };
        let from = schedule.value.latest_reveal_block;
        entries.into_iter().rev().find(|entry| entry.effective_block <= from)
    }
}

/// What is still open, in words.
fn unfinished(timeline: &Timeline) -> Option<String> {
    if let Some(hotkey) = timeline.unqualified.first() {
        return Some(format!("{hotkey} has not met the leader"));
    }
    if let Some((defender, hotkey)) = timeline.next() {
        return Some(format!("{hotkey} has not met {defender}"));
    }
    let open =
        timeline.entries.iter().find(|entry| entry.status == Status::Won && !entry.verified)?;
    Some(format!(
        "{} won against {}, and its audits are not all passed",
        open.hotkey, open.defender
    ))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
    }
}
