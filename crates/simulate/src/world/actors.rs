//! People: the operator, who pauses, edits and errs; and who reads miners' sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ledger::files::audits::{AuditRequests, SourceAudit, SourceAudits, Verdict, source_audit};
use ledger::files::state::{Stage, State};
use ledger::{JsonFile as _, Layout, Place, RoundFile};

use super::World;
use crate::fault::Site;
use crate::scenario::Cast;

/// How often the auditor looks.
const AUDITOR_LOOKS_EVERY: Duration = Duration::from_secs(3000);

impl World {
    pub(crate) fn state(&self) -> Option<State> {
        State::from_text("state.json", &self.file("state.json")?).ok()
    }

    fn write_state(&self, message: &str, state: &State) {
        self.commit_as("operator", message, one("state.json", state.to_text()));
    }

    /// Does something later.
    fn afterwards(self: &Arc<Self>, seconds: u32, act: impl FnOnce(&Self) + Send + 'static) {
        self.unquiet(seconds);
        let world = Arc::clone(self);
        let sleep = self.executor.sleep(Duration::from_secs(seconds.into()));
        self.executor.spawn(async move {
            sleep.await;
            act(&world);
        });
    }

    /// The operator pauses, if that makes sense now, and resumes later.
    pub(super) fn pause(self: &Arc<Self>, seconds: u32) {
        let Some(mut state) = self.state() else { return };
        if matches!(state.stage, Stage::Paused | Stage::Finished) {
            return;
        }
        state.resume_stage = Some(state.stage);
        state.stage = Stage::Paused;
        self.write_state("Pause", &state);
        self.afterwards(seconds, |world| {
            let Some(mut state) = world.state() else { return };
            if let (Stage::Paused, Some(stage)) = (state.stage, state.resume_stage.take()) {
                state.stage = stage;
                world.write_state("Resume", &state);
            }
        });
    }

    /// The operator writes a note that is no file of the competition.
    pub(super) fn write_note(&self, site: Site) {
        self.commit_as("operator", "A note", one("NOTES.md", format!("Seen at {site}.\n")));
    }

    /// The operator breaks `config.json` by hand, and mends it later.
    pub(super) fn break_file(self: &Arc<Self>, site: Site, seconds: u32) {
        let good = self.scenario.start_files().remove("config.json").flatten();
        let (Some(now), Some(good)) = (self.file("config.json"), good) else { return };
        if now != good {
            return;
        }
        let broken = match site.nth % 3 {
            0 => good.replace("\"win_margin\": 0", "\"win_margin\": \"0"),
            1 => good.replacen('{', "", 1),
            _ => good.replace("\"prompts_per_round\": ", "\"prompts_per_round\": -"),
        };
        self.commit_as("operator", "Edit the configuration", one("config.json", broken));
        self.afterwards(seconds, move |world| {
            world.commit_as("operator", "Mend the configuration", one("config.json", good));
        });
    }

    /// Whether a file is broken that the operator broke.
    pub(crate) fn is_broken(&self) -> bool {
        let good = self.scenario.start_files().remove("config.json").flatten();
        good != self.file("config.json")
    }

    /// Somebody reads the sources of those who are to be audited.
    pub(crate) async fn read_sources(self: Arc<Self>) {
        loop {
            self.executor.sleep(AUDITOR_LOOKS_EVERY).await;
            let Some(state) = self.state() else { continue };
            let place = |file| Place::Round(state.current_round, file).to_string();
            let (asked, given) = (place(RoundFile::RequireAudit), place(RoundFile::SourceAudit));
            let asked = AuditRequests::from_optional(&asked, self.file(&asked).as_deref());
            let mut audits: SourceAudits =
                SourceAudits::from_optional(&given, self.file(&given).as_deref())
                    .ok()
                    .flatten()
                    .unwrap_or_default();
            let before = audits.len();
            for request in asked.ok().flatten().unwrap_or_default() {
                let Some(miner) = self.scenario.miner(&request.hotkey) else { continue };
                if source_audit(&audits, &request.hotkey).is_none() {
                    let bad = miner.cast == Cast::Thief;
                    audits.push(SourceAudit {
                        hotkey: request.hotkey,
                        verdict: if bad { Verdict::Failed } else { Verdict::Passed },
                        reason: if bad { "it downloads a model of others" } else { "" }.to_owned(),
                        layout: Layout::default(),
                    });
                }
            }
            if audits.len() > before {
                let message = format!("Update source audits for round {}", state.current_round);
                self.commit_as("auditor", &message, one(&given, audits.to_text()));
            }
        }
    }
}

fn one(path: &str, text: String) -> BTreeMap<String, Option<String>> {
    BTreeMap::from([(path.to_owned(), Some(text))])
}
