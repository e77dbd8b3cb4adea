//! What was said of miners' images, against the outputs they made.

use std::collections::BTreeSet;

use ledger::files::builds::BuildStatus;
use ledger::files::outputs::Outputs;
use ledger::files::reports::GenerationOutcome;
use ledger::{MinerFile, Stage};

use super::Verifier;
use super::matches::Context;
use super::outcome::{Basis, REPEATS_MAX};
use super::report::{Check, steps};
use super::rules::Rules;
use crate::orchestrator::reports::count;

impl Verifier<'_> {
    /// Checks `generation_reports.json` and what `builds.json` and `generation_audits.json` say twice.
    pub(super) fn check_reports(&mut self, context: &Context, basis: &Basis) {
        if let Some(file) = &basis.verdicts {
            for (hotkey, audit) in &file.value {
                if let ledger::files::audits::GenerationAudit::Duels(audit) = audit {
                    let spot = file.member(steps![hotkey, "hotkey"]);
                    self.log.hold_or_notice(Check::Audits, audit.hotkey == *hotkey, &spot, || {
                        format!("\"{}\" under {hotkey}", ledger::shorten(&audit.hotkey))
                    });
                }
            }
        }
        if let Some(file) = &basis.builds {
            for (hotkey, build) in &file.value {
                let has_image = build.docker_image.as_ref().is_some_and(|image| !image.is_empty());
                let fits = (build.status == BuildStatus::Success) == has_image;
                let spot = file.member(steps![hotkey, "status"]);
                self.log.hold_or_notice(Check::Builds, fits, &spot, || {
                    let image = if has_image { "an image" } else { "no image" };
                    format!("{} with {image}", build.status)
                });
            }
        }
        let Some(file) = &basis.reports else { return };
        for (hotkey, report) in &file.value {
            let spot = file.member(steps![hotkey, "hotkey"]);
            self.log.hold_or_notice(Check::Audits, report.hotkey == *hotkey, &spot, || {
                format!("\"{}\" under {hotkey}", ledger::shorten(&report.hotkey))
            });
            let is_rejected = report.outcome == GenerationOutcome::Rejected;
            let spot = file.member(steps![hotkey, "reason"]);
            let fits = is_rejected || report.reason.is_empty();
            self.log.hold_or_notice(Check::Audits, fits, &spot, || {
                format!("a reason, but the outcome is {}", report.outcome)
            });
            if context.rules != Rules::Crucible || !self.has_left(context.round, Stage::Downloading)
            {
                continue;
            }
            let submitted = self.outputs(context.round, hotkey, &[MinerFile::Submitted]);
            let none = Outputs::default();
            let submitted = submitted.as_ref().map_or(&none, |file| &file.value);
            let targets: BTreeSet<String> = submitted
                .iter()
                .filter(|(stem, row)| {
                    row.asset.is_some() && context.stems.binary_search(stem).is_ok()
                })
                .map(|(stem, _)| stem.clone())
                .collect();
            // The rules allow no more.
            for (at, repeat) in report.repeats.iter().enumerate().take(REPEATS_MAX as usize) {
                let index = repeat.repeat_index;
                let made = self.outputs(context.round, hotkey, &MinerFile::generated(index));
                let (generated, failed) =
                    made.as_ref().map_or((0, 0), |file| count(&file.value, &targets));
                let pairs = [
                    ("repeat_index", made.is_some(), 1, 0),
                    (
                        "generated_prompts",
                        repeat.generated_prompts == generated,
                        repeat.generated_prompts,
                        generated,
                    ),
                    (
                        "failed_prompts",
                        repeat.failed_prompts == failed,
                        repeat.failed_prompts,
                        failed,
                    ),
                ];
                for (member, fits, is, should) in pairs {
                    let spot = file.member(steps![hotkey, "repeats", at, member]);
                    self.log.hold(Check::Audits, fits, &spot, || match made {
                        None => format!("there are no outputs of repeat {index}"),
                        Some(_) => format!("{is}, but its outputs make {should}"),
                    });
                }
            }
        }
    }
}
