//! Who won by the rules of the earlier eras: a queue of challengers with audits by picture, and before it king of the hill.

use ledger::files::audits::{GenerationAudit, MeshAuditOutcome, Verdict, source_audit};
use ledger::files::matrix::Matrix;
use ledger::files::winner::JudgeProgress;
use ledger::{LEADER, MinerFile, Place, Round, RoundFile, Stage};

use super::Verifier;
use super::matches::{Context, DEFENDS, Played, WINS, is_contestant};
use super::outcome::Basis;
use super::report::{Check, steps};

impl Verifier<'_> {
    /// The outcome of a round of the mesh era: challengers in the order of their reveals; whom an audit rejects is passed over; all
    /// who lead on the way must have passed both audits.
    pub(super) fn check_mesh_outcome(&mut self, context: &Context, basis: &Basis) {
        let files = [RoundFile::MatchesMatrix, RoundFile::GenerationAudits, RoundFile::SourceAudit];
        if self.is_outcome_open(context, &files) {
            return;
        }
        let empty = Matrix::default();
        let matches = basis.matches.as_ref().map_or(&empty, |file| &file.value);
        let sources = basis.sources.as_ref().map_or(&[][..], |file| file.value.as_slice());
        let source = |hotkey: &str| source_audit(sources, hotkey).map(|audit| audit.verdict);
        let audits = basis.verdicts.as_ref().map(|file| &file.value);
        let outcome = |hotkey: &str| match audits?.get(hotkey)? {
            GenerationAudit::Mesh(audit) => Some(audit.outcome),
            GenerationAudit::Duels(_) => None,
        };
        let end = |least: f64| -> Result<&str, String> {
            let mut defender = LEADER;
            let mut open = None;
            for hotkey in &context.order {
                let rejected = outcome(hotkey) == Some(MeshAuditOutcome::Rejected)
                    || source(hotkey) == Some(Verdict::Failed);
                if rejected {
                    continue;
                }
                match matches.get(LEADER, hotkey) {
                    None => open = open.or(Some(format!("{hotkey} has not met the leader"))),
                    Some(margin) if margin < least => continue,
                    Some(_) => {}
                }
                match matches.get(defender, hotkey) {
                    None => open = open.or(Some(format!("{hotkey} has not met {defender}"))),
                    Some(margin) if margin >= least => {
                        let passed = outcome(hotkey) == Some(MeshAuditOutcome::Passed)
                            && source(hotkey) == Some(Verdict::Passed);
                        if !passed {
                            open = open.or(Some(format!(
                                "{hotkey} won against {defender}, and its audits are not all passed"
                            )));
                        }
                        defender = hotkey;
                    }
                    Some(_) => {}
                }
            }
            open.map_or(Ok(defender), Err)
        };
        let seen = matches.iter().map(|(.., margin)| margin);
        let margins = self.margins(&context.configs, context.is_dated, seen);
        let stated = basis.winner.as_ref().map(|file| file.value.winner_hotkey.as_str());
        let fits =
            |least: &f64| end(*least).is_ok_and(|winner| stated.is_none_or(|it| it == winner));
        let least = self.margin_that_held(&margins, fits);
        let derived = end(least).map(str::to_owned);
        self.check_mesh_numbers(context.round, basis);
        self.check_end(context, basis, derived.as_deref().map_err(Clone::clone));
        if !sources.is_empty() {
            let what = "audits of miners' sources are made by people: their verdicts are taken as they are";
            self.log.unchecked_times(Check::Audits, what, sources.len() as u64);
        }
    }

    /// The first margin that explains what is there, else the first. If it is not the one that is known to have held, that is said.
    fn margin_that_held(&mut self, margins: &[f64], fits: impl Fn(&f64) -> bool) -> f64 {
        let usual = margins.first().copied().unwrap_or_default();
        match margins.iter().copied().find(fits) {
            Some(held) if held != usual => {
                let what = format!(
                    "which rules held: a margin of {usual} makes another winner, one of {held} makes the one that is there"
                );
                self.log.unchecked(Check::Winner, what);
                held
            }
            _ => usual,
        }
    }

    /// Verdicts against their own numbers, by the era's usual limits.
    fn check_mesh_numbers(&mut self, round: Round, basis: &Basis) {
        let Some(file) = &basis.verdicts else { return };
        for (hotkey, audit) in &file.value {
            let GenerationAudit::Mesh(audit) = audit else { continue };
            let fails = audit.failed_prompts > 6
                || audit.failed_critical > 1
                || audit.generation_time.is_some_and(|median| median > 90.0);
            let stated = match audit.outcome {
                MeshAuditOutcome::Pending => {
                    if self.has_left(round, Stage::Duels) {
                        self.log.unchecked(
                            Check::Audits,
                            "audits that were not finished when the round ended",
                        );
                    }
                    continue;
                }
                MeshAuditOutcome::Passed => false,
                MeshAuditOutcome::Rejected => true,
            };
            let limits = "6 prompts, 1 critical prompt and a median of 90 s are the era's usual limits; those that were set are not recorded";
            if stated == fails {
                self.log.agree(Check::Audits, 1);
            } else if fails {
                let spot = file.member(steps![hotkey, "outcome"]);
                let problem = format!(
                    "passed with {} + {} failed prompts; {limits}",
                    audit.failed_prompts, audit.failed_critical
                );
                self.log.noticed(Check::Audits, &spot, problem);
            } else {
                self.log.unchecked(
                    Check::Audits,
                    format!("audits rejected within the usual limits: {limits}"),
                );
            }
        }
        let what =
            "distances of pictures in audits: pictures are compared by a model that is not here";
        self.log.unchecked(Check::Audits, what);
    }

    /// The outcome of a round of the splat era: each challenger once, in the order of their reveals, against whom leads then.
    pub(super) fn check_splat_outcome(&mut self, context: &Context, played: &Played) {
        let round = context.round;
        let place = Place::Round(round, RoundFile::JudgeProgress);
        let Some(progress) = self.books.json::<JudgeProgress>(&mut self.log, &place) else {
            if self.has_left(round, Stage::Duels) && !context.order.is_empty() {
                self.log.missing(
                    Check::Winner,
                    &place.to_string(),
                    "is not there, but the round's duels are over",
                );
            }
            return;
        };
        let seen = played.margins.values().map(|(_, margin)| *margin);
        let margins = self.margins(&context.configs, context.is_dated, seen);
        let least = self.margin_that_held(&margins, |&least| {
            let leads = hill(context, played, &progress.value, least);
            leads.is_none_or(|leads| leads == progress.value.leader)
        });
        let mut leader = LEADER.to_owned();
        let mut is_known = true;
        for (at, hotkey) in progress.value.completed_hotkeys.iter().enumerate() {
            let expected = context.order.get(at);
            let spot = progress.member(steps!["completed_hotkeys", at]);
            if context.submissions.is_some() {
                self.log.hold(Check::Winner, expected == Some(hotkey), &spot, || {
                    format!("{} challenges here", expected.map_or("nobody", String::as_str))
                });
            }
            if !is_contestant(context, hotkey) {
                continue;
            }
            let Some((against, path, wins)) = met(played, hotkey, least) else {
                let path =
                    Place::Miner(round, hotkey.clone(), MinerFile::DuelsWithLeader).to_string();
                let problem = "is not there, but its match is said to be over";
                self.log.missing(Check::Duels, &path, problem);
                // It may have won.
                is_known = false;
                continue;
            };
            if against != leader && is_known {
                let problem = format!(
                    "the match is against {}, but {leader} leads then",
                    ledger::shorten(against)
                );
                self.log.found_whole(Check::Winner, path, problem);
            }
            if wins {
                leader.clone_from(hotkey);
            }
        }
        if self.has_left(round, Stage::Duels)
            && progress.value.completed_hotkeys.len() < context.order.len()
        {
            let problem = format!(
                "{} of {} challenged, and the round is over",
                progress.value.completed_hotkeys.len(),
                context.order.len()
            );
            self.log.found(Check::Winner, &progress.member(steps!["completed_hotkeys"]), problem);
        }
        let spot = progress.member(steps!["leader"]);
        let is_open = !is_known && progress.value.leader != leader;
        self.log.hold(Check::Winner, is_open || progress.value.leader == leader, &spot, || {
            format!(
                "\"{}\", but by the matches it is {leader}",
                ledger::shorten(&progress.value.leader)
            )
        });
        let what = "outputs of miners' images: this era has no audits";
        self.log.unchecked(Check::Audits, what);
    }
}

/// Against whom a challenger of the splat era played, where that stands, and whether it won: as its report says, else by a margin.
fn met<'a>(played: &'a Played, hotkey: &str, least: f64) -> Option<(&'a str, &'a str, bool)> {
    let found = played.margins.iter().find(|((_, right), _)| right == hotkey);
    let (pair, (path, margin)) = found?;
    let wins = match played.outcomes.get(pair).map(String::as_str) {
        Some(WINS) => true,
        Some(DEFENDS) => false,
        _ => *margin >= least,
    };
    Some((&pair.0, path, wins))
}

/// Who leads at the end; nothing if a match is not there, or was against somebody else.
fn hill(
    context: &Context,
    played: &Played,
    progress: &JudgeProgress,
    least: f64,
) -> Option<String> {
    let mut leader = LEADER;
    for hotkey in progress.completed_hotkeys.iter().filter(|one| is_contestant(context, one)) {
        let (against, _, wins) = met(played, hotkey, least)?;
        if against != leader {
            return None;
        }
        if wins {
            leader = hotkey;
        }
    }
    Some(leader.to_owned())
}
