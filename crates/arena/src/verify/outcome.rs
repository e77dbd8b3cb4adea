//! Who won follows from margins, reports and audits; what was published of audits follows too.

use std::collections::BTreeMap;

use judge::audit;
use judge::tournament::{Inputs, Rules as TournamentRules, Status, Timeline, derive};
use ledger::files::audits::{
    AuditRequest, AuditRequests, GenerationAudit, GenerationAudits, SourceAudits, Verdict,
};
use ledger::files::builds::Builds;
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::matrix::Matrix;
use ledger::files::reports::GenerationReports;
use ledger::files::schedule::Schedule;
use ledger::files::winner::Winner;
use ledger::{JsonFile as _, LEADER, Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::matches::{Context, Played};
use super::report::{Check, steps};
use super::rules::Rules;

/// How often outputs are made again, at most: the rules allow no more.
pub(super) const REPEATS_MAX: u32 = 100;

/// Verdicts of one round that are looked at twice, at most.
const BEFORE_MAX: usize = 64;

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

    /// What people had found when the winner was decided, where the history tells: findings that were added later changed nothing.
    /// Of those that were there, what they say now counts, so that a changed one is seen.
    fn sources(&mut self, round: Round) -> Option<File<SourceAudits>> {
        let place = Place::Round(round, RoundFile::SourceAudit);
        let file: File<SourceAudits> = self.books.json(&mut self.log, &place)?;
        let decided = self.introduced(&Place::Round(round, RoundFile::Winner).to_string());
        let then: Option<SourceAudits> =
            decided.and_then(|id| match self.books.text_at(id, &file.path) {
                Some(text) => {
                    SourceAudits::from_optional("", Some(&text)).ok().map(Option::unwrap_or_default)
                }
                None => Some(SourceAudits::default()),
            });
        Some(match then {
            Some(then) if file.value.starts_with(&then) => File { value: then, ..file },
            _ => file,
        })
    }

    /// The outcome by the rules of the module era and by ours.
    pub(super) fn check_outcome(&mut self, context: &Context, played: &Played, basis: &Basis) {
        let files = [
            RoundFile::MatchesMatrix,
            RoundFile::AuditMatrix,
            RoundFile::GenerationReports,
            RoundFile::SourceAudit,
        ];
        if self.is_outcome_open(context, &files) {
            return;
        }
        let order: Vec<&str> = context.order.iter().map(String::as_str).collect();
        let notes = self.notes(context);
        let rejected =
            notes.as_ref().map_or_else(BTreeMap::new, |file| file.value.rejected.clone());
        self.check_reports(context, basis);
        let (empty, no_reports) = (Matrix::default(), GenerationReports::default());
        let sources = basis.sources.as_ref().map_or(&[][..], |file| file.value.as_slice());
        let candidates = self.tournament_rules(context, basis);
        let mut inputs = Inputs {
            rules: candidates[0],
            order: &order,
            matches: basis.matches.as_ref().map_or(&empty, |file| &file.value),
            intervals: &played.intervals,
            audits: basis.audits.as_ref().map_or(&empty, |file| &file.value),
            reports: basis.reports.as_ref().map_or(&no_reports, |file| &file.value),
            sources,
            rejected: &rejected,
        };
        let stated = basis.winner.as_ref().map(|file| file.value.winner_hotkey.as_str());
        let explains = |timeline: &Timeline| {
            stated
                .is_none_or(|stated| unfinished(timeline).is_none() && timeline.winner() == stated)
        };
        let mut timeline = derive(&inputs);
        if !explains(&timeline) {
            let others =
                candidates[1..].iter().map(|&rules| (rules, derive(&Inputs { rules, ..inputs })));
            if let Some((rules, other)) = others.into_iter().find(|(_, other)| explains(other)) {
                let what = format!(
                    "which rules held: those of config.json make another winner, these make the one that is there: margin {}, audits of submissions down to {}, {} repeats",
                    rules.win_margin, -rules.self_audit_margin, rules.repeats
                );
                self.log.unchecked(Check::Winner, what);
                timeline = other;
                inputs.rules = rules;
            }
        }
        if let Some(open) = unfinished(&timeline) {
            self.check_end(context, basis, Err(open));
        } else {
            self.check_end(context, basis, Ok(timeline.winner()));
        }
        self.check_verdicts(context, &timeline, basis, &inputs);
        if let Some(notes) = &notes {
            self.check_notes(context, &timeline, notes, &inputs);
        }
        if !sources.is_empty() {
            let what = "audits of miners' sources are made by people: their verdicts are taken as they are";
            self.log.unchecked_times(Check::Audits, what, sources.len() as u64);
        }
        if basis.reports.as_ref().is_some_and(|file| !file.value.is_empty()) {
            let what = "outputs of miners' images were made on pods: times and failures are taken as they were recorded";
            self.log.unchecked(Check::Audits, what);
        }
    }

    /// The rules of the tournament: those that held when it was decided, those from before, and of the original's last era others
    /// that may have held.
    fn tournament_rules(&self, context: &Context, basis: &Basis) -> Vec<TournamentRules> {
        let mut all: Vec<TournamentRules> =
            context.configs.iter().map(TournamentRules::of).collect();
        all.dedup();
        if context.rules != Rules::Modules {
            return all;
        }
        let seen = basis.matches.iter().flat_map(|file| file.value.iter());
        let seen = seen.map(|(.., margin)| margin);
        let (first, known) = (all[0], all.len());
        for margin in self.margins(&context.configs, context.is_dated, seen).into_iter().skip(1) {
            let other = TournamentRules { win_margin: margin, self_audit_margin: margin, ..first };
            if !all[..known].contains(&other) {
                all.push(other);
            }
        }
        // Documents say 0 for audits of submissions, the code says the margin.
        for at in 0..all.len() {
            all.push(TournamentRules { self_audit_margin: 0.0, ..all[at] });
        }
        let played = basis.audits.iter().flat_map(|file| file.value.iter());
        let repeat = |left: &str| left.rsplit_once('_')?.1.parse::<u32>().ok();
        if let Some(repeats) =
            played.filter_map(|(left, ..)| repeat(left)).filter(|n| *n <= REPEATS_MAX).max()
        {
            for at in 0..all.len() {
                all.push(TournamentRules { repeats, ..all[at] });
            }
        }
        all
    }

    /// Whether a file that the outcome of a round of the original follows from is there and could not be read, which is said.
    pub(super) fn is_outcome_open(&mut self, context: &Context, files: &[RoundFile]) -> bool {
        if context.rules == Rules::Crucible {
            return false;
        }
        let place = |file: &RoundFile| Place::Round(context.round, *file);
        let broken = files.iter().map(place).find(|place| self.books.is_broken(place));
        if let Some(place) = &broken {
            self.log.unchecked(Check::Winner, format!("who won: {place} could not be read"));
        }
        broken.is_some()
    }

    /// What was published of audits.
    fn check_verdicts(
        &mut self,
        context: &Context,
        timeline: &Timeline,
        basis: &Basis,
        inputs: &Inputs<'_>,
    ) {
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
                    _ => self.log.missing(Check::Audits, &path, problem),
                }
            }
        }
        let none = GenerationAudits::default();
        let stated = basis.verdicts.as_ref().map_or(&none, |file| &file.value);
        let expected = audit::verdicts(timeline, requests, &none);
        let mut looked = 0;
        let mut is_of_before = |hotkey: &str, found: &GenerationAudit| {
            looked += 1;
            looked > BEFORE_MAX || is_of_before(inputs, requests, hotkey, found)
        };
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
                (Some(found), Some(_))
                    if !is_over
                        && (found.verdict() != Some(expected) || found.reason() != row.reason)
                        && is_of_before(&hotkey, found) =>
                {
                    let what = "a verdict that the judge has not yet changed after what came last";
                    self.log.unchecked(Check::Audits, what);
                }
                (Some(found), Some(file)) => {
                    let spot = file.member(steps![&hotkey, "verdict"]);
                    let same = found.verdict() == Some(expected);
                    if self.log.hold(Check::Audits, same, &spot, || {
                        let reason = if row.reason.is_empty() { "" } else { ": " };
                        format!("by its margins it {}{reason}{}", word(expected), row.reason)
                    }) {
                        let spot = file.member(steps![&hotkey, "reason"]);
                        let same = found.reason() == row.reason;
                        self.log.hold_or_notice(Check::Audits, same, &spot, || {
                            format!("by its margins the reason is \"{}\"", row.reason)
                        });
                    }
                }
                _ if is_over => {
                    let problem =
                        format!("{hotkey} {} by its margins, and has no verdict", word(expected));
                    self.log.missing(Check::Audits, &path, problem);
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
        if self.is_outcome_open(context, &[RoundFile::Winner]) {
            return;
        }
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
            // Leaders of the original were mended by hand, and then an earlier or later entry may be the one that was meant.
            if self.log.is_lenient() && self.is_some_leader(winner) {
                return self.log.agree(Check::Winner, 3);
            }
            let Some(entry) = self.leader_of(round) else {
                return self.log.unchecked(
                    Check::Winner,
                    "what the leader of this round runs: leader.json does not say",
                );
            };
            [entry.repo, entry.commit, entry.docker]
        } else {
            let build = basis.builds.as_ref().and_then(|file| file.value.get(derived));
            if build.is_none() && self.log.is_lenient() && basis.builds.is_none() {
                let what = "what the winner runs: builds.json does not say";
                return self.log.unchecked(Check::Winner, what);
            }
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

    /// Whether some entry of `leader.json` runs what a winner runs.
    fn is_some_leader(&mut self, winner: &Winner) -> bool {
        let leaders: Option<File<Leaders>> = self.books.json(&mut self.log, &Place::Leader);
        leaders.is_some_and(|file| {
            file.value.entries.iter().any(|entry| {
                entry.repo.as_ref() == Some(&winner.repo)
                    && entry.commit.as_ref() == Some(&winner.commit)
                    && entry.docker.as_ref().is_none_or(|docker| *docker == winner.docker_image)
            })
        })
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

/// Whether this was the verdict before people looked at the source, or before what pods made was reported: in a round under way
/// the judge comes to that a little later.
fn is_of_before(
    inputs: &Inputs<'_>,
    requests: &[AuditRequest],
    hotkey: &str,
    found: &GenerationAudit,
) -> bool {
    let sources: Vec<_> =
        inputs.sources.iter().filter(|audit| audit.hotkey != hotkey).cloned().collect();
    let mut reports = inputs.reports.clone();
    reports.shift_remove(hotkey);
    let before = [(&*sources, inputs.reports), (inputs.sources, &reports), (&*sources, &reports)];
    before.into_iter().any(|(sources, reports)| {
        let timeline = derive(&Inputs { sources, reports, ..*inputs });
        let verdicts = audit::verdicts(&timeline, requests, &GenerationAudits::default());
        verdicts
            .get(hotkey)
            .is_some_and(|row| row.verdict() == found.verdict() && row.reason() == found.reason())
    })
}
