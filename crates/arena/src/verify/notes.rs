//! What the judge of a round of ours wrote down: when audits had to be done, who was late, and the timeline for people.

use judge::tournament::Timeline;
use ledger::Stage;

use super::Verifier;
use super::books::File;
use super::matches::Context;
use super::report::{Check, steps};
use super::rules::Rules;
use crate::judging::Notes;

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

    /// Checks them. What time it was when somebody was late is taken as it is.
    pub(super) fn check_notes(
        &mut self,
        context: &Context,
        timeline: &Timeline,
        file: &File<Notes>,
    ) {
        let notes = &file.value;
        // A deadline may be set while a round waits: that ends it.
        let hours = context.configs.iter().filter_map(|rules| rules.options().audit_deadline_hours);
        let hours = hours.min_by(f64::total_cmp);
        if let Some(closed) = notes.closed_at {
            let spot = file.member(steps!["closed_at"]);
            match (hours, notes.began_at) {
                (Some(hours), Some(began)) => {
                    let passed = closed.duration_since(began).as_secs_f64() / 3600.0;
                    self.log.hold(Check::Audits, passed >= hours, &spot, || {
                        format!(
                            "{closed} is {passed:.2} hours after {began}, the deadline is {hours}"
                        )
                    });
                }
                (None, _) => {
                    let problem = "config.json has no deadline of audits that could be over";
                    self.log.found(Check::Audits, &spot, problem);
                }
                (_, None) => {
                    let problem = "a deadline is over that began at no time";
                    self.log.found(Check::Audits, &spot, problem);
                }
            }
        }
        for (hotkey, reason) in &notes.rejected {
            let spot = file.member(steps!["rejected", hotkey]);
            let known = context.who.contains(hotkey);
            let late = reason.strip_suffix(LATE).is_some_and(|owed| OWED.contains(&owed));
            let fits = known && (reason == NO_IMAGE || (late && notes.closed_at.is_some()));
            self.log.hold(Check::Audits, fits, &spot, || {
                if !known {
                    "does not take part".to_owned()
                } else if late {
                    "no deadline of audits is over".to_owned()
                } else {
                    format!("nobody is out because of \"{}\"", ledger::shorten(reason))
                }
            });
            let what = "who owed something at the deadline: when it came is not in the files";
            self.log.unchecked(Check::Audits, what);
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
}
