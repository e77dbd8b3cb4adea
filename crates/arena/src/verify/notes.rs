//! What the judge of a round of ours wrote down: when audits had to be done, who was late, and the timeline for people.

use std::collections::BTreeMap;

use judge::audit;
use judge::tournament::{Inputs, Timeline};
use ledger::files::audits::SourceAudits;
use ledger::files::builds::Builds;
use ledger::files::reports::GenerationReports;
use ledger::repository::Id;
use ledger::{Place, Round, RoundFile, Stage};

use super::Verifier;
use super::books::File;
use super::matches::Context;
use super::report::{Check, steps};
use super::rules::Rules;
use crate::judging::{Deadline, Notes};

/// Bytes of all versions of a round's notes that are looked at, at most.
const NOTES_BYTES_MAX: usize = 64 << 20;

/// How reasons end that only a deadline can bring.
const LATE: &str = " by the deadline";

/// What may be owed at it; without an image nobody can win at any time.
const OWED: [&str; 2] = ["no complete generation report", "no source audit"];
const NO_IMAGE: &str = "no image in builds.json";

impl Verifier<'_> {
    /// Reads them.
    pub(super) fn notes(&mut self, context: &Context) -> Option<File<Notes>> {
        let path = Notes::path(context.round);
        if context.rules != Rules::Crucible {
            return None;
        }
        let text = self.books.text(&mut self.log, &path)?;
        match Notes::from_text(&path, &text) {
            Ok(value) => Some(File { path, text, value }),
            Err(error) => {
                self.log.found_whole(Check::Files, &path, error);
                None
            }
        }
    }

    /// Checks them. What time it was when somebody was late is taken as it is; that something was owed then, the history tells.
    pub(super) fn check_notes(
        &mut self,
        context: &Context,
        timeline: &Timeline,
        file: &File<Notes>,
        inputs: &Inputs<'_>,
    ) {
        let notes = &file.value;
        // A deadline may be set while a round waits: that ends it.
        let hours = context.configs.iter().filter_map(|rules| rules.options().audit_deadline_hours);
        let hours = hours.min_by(f64::total_cmp);
        for (hotkey, Deadline { asked_at, closed_at }) in &notes.deadlines {
            let Some(closed_at) = closed_at else { continue };
            let spot = file.member(steps!["deadlines", hotkey, "closed_at"]);
            let Some(hours) = hours else {
                let problem = "config.json has no deadline of audits that could be over";
                self.log.found(Check::Audits, &spot, problem);
                continue;
            };
            let passed = closed_at.duration_since(*asked_at).as_secs_f64() / 3600.0;
            self.log.hold(Check::Audits, passed >= hours, &spot, || {
                format!(
                    "{closed_at} is {passed:.2} hours after {asked_at}, the deadline is {hours}"
                )
            });
        }
        for hotkey in notes.deadlines.keys().filter(|hotkey| !context.who.contains(*hotkey)) {
            let spot = file.member(steps!["deadlines", hotkey]);
            self.log.found(Check::Audits, &spot, "does not take part");
        }
        let written = self.rejections(context.round);
        for (hotkey, reason) in &notes.rejected {
            let spot = file.member(steps!["rejected", hotkey]);
            let known = context.who.contains(hotkey);
            let late = reason.strip_suffix(LATE).is_some_and(|owed| OWED.contains(&owed));
            let deadline = notes.deadlines.get(hotkey);
            let is_over = deadline.is_some_and(|deadline| deadline.closed_at.is_some());
            let fits = known && (reason == NO_IMAGE || (late && is_over));
            let holds = self.log.hold(Check::Audits, fits, &spot, || {
                if !known {
                    "does not take part".to_owned()
                } else if late {
                    "its deadline is not over".to_owned()
                } else {
                    format!("nobody is out because of \"{}\"", ledger::shorten(reason))
                }
            });
            if !holds {
                continue;
            }
            let at = written.get(&(hotkey.clone(), reason.clone())).copied();
            match self.was_so(context, inputs, hotkey, reason, (at, is_over)) {
                Some(was_so) => {
                    self.log.hold(Check::Audits, was_so.is_ok(), &spot, || {
                        was_so.err().unwrap_or_default().to_owned()
                    });
                }
                None => {
                    let what = "who owed something at a deadline: when it came is not known";
                    self.log.unchecked(Check::Audits, what);
                }
            }
        }
        if !self.has_left(context.round, Stage::Duels) || notes.timeline.is_empty() {
            return;
        }
        let text = timeline.text();
        let expected: Vec<&str> = text.lines().collect();
        let at = notes.timeline.iter().zip(&expected).position(|(is, should)| is != should);
        let at = at.or((notes.timeline.len() != expected.len()).then_some(0));
        let spot = file.member(steps!["timeline", at.unwrap_or(0)]);
        self.log.hold(Check::Audits, at.is_none(), &spot, || {
            let should = at.and_then(|at| expected.get(at)).copied().unwrap_or_default();
            format!("by margins and audits it is \"{}\"", ledger::shorten(should))
        });
    }

    /// In which commits it was written down who is out, and why, as far as that is known.
    fn rejections(&self, round: Round) -> BTreeMap<(String, String), Id> {
        let path = Notes::path(round);
        let mut first = BTreeMap::new();
        if self.past.undated.contains(&path) {
            return first;
        }
        let written = self.past.notes.get(&path).map_or(&[][..], Vec::as_slice);
        let mut bytes = 0;
        for &commit in written {
            let Some(text) = self.books.text_at(commit, &path) else { continue };
            bytes += text.len();
            if bytes > NOTES_BYTES_MAX {
                break;
            }
            let Ok(notes) = Notes::from_text(&path, &text) else { continue };
            for row in notes.rejected {
                first.entry(row).or_insert(commit);
            }
        }
        first
    }

    /// Whether somebody owed what it is said to be out for when that was written down, or what was there; nothing if it is not known.
    fn was_so(
        &self,
        context: &Context,
        inputs: &Inputs<'_>,
        hotkey: &str,
        reason: &str,
        (at, is_over): (Option<Id>, bool),
    ) -> Option<Result<(), &'static str>> {
        let place = |file| Place::Round(context.round, file);
        if reason == NO_IMAGE {
            // A build that ended stays as it ended.
            let at = at.or((!is_over).then(|| self.books.snapshot.id()))?;
            let builds: Option<Builds> = self.books.find_at(at, &place(RoundFile::Builds));
            if self.books.is_earlier_spent() {
                return None;
            }
            let builds = builds.unwrap_or_default();
            let image = builds.get(hotkey).and_then(|build| build.runnable());
            return Some(image.map_or(Ok(()), |_| Err("builds.json had an image of it then")));
        }
        let reports: Option<GenerationReports> =
            self.books.find_at(at?, &place(RoundFile::GenerationReports));
        let sources: Option<SourceAudits> = self.books.find_at(at?, &place(RoundFile::SourceAudit));
        if self.books.is_earlier_spent() {
            return None;
        }
        let (reports, sources) = (reports.unwrap_or_default(), sources.unwrap_or_default());
        let then = Inputs { reports: &reports, sources: &sources, ..*inputs };
        let was_so = audit::owed(&then, hotkey) == reason.strip_suffix(LATE);
        let problem = "what it is said to owe was there then, or it owed something else";
        Some(if was_so { Ok(()) } else { Err(problem) })
    }
}
