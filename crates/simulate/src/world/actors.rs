//! People: the operator, who pauses, edits and errs; and who reads miners' sources.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arena::control::Desk;
use ledger::files::audits::{AuditRequests, SourceAudit, SourceAudits, Verdict, source_audit};
use ledger::files::state::State;
use ledger::repository::{Advance, CommitInfo, Draft, Id, Repository, RepositoryError};
use ledger::{JsonFile as _, Layout, Place, RoundFile};

use super::{World, author};
use crate::executor::lock;
use crate::fault::Site;
use crate::scenario::Cast;

/// How often the auditor looks.
const AUDITOR_LOOKS_EVERY: Duration = Duration::from_secs(3000);

/// How often the operator looks whether somebody waits, where owners do.
const OPERATOR_LOOKS_EVERY: Duration = Duration::from_secs(1000);

impl World {
    pub(crate) fn state(&self) -> Option<State> {
        State::from_text("state.json", &self.file("state.json")?).ok()
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

    /// Does something as an operator does it by hand.
    fn by_hand<T>(&self, act: impl FnOnce(&Desk<'_>) -> T) -> T {
        let author = author("operator");
        act(&Desk { books: &Hand(self), author: &author, time: self.time() })
    }

    /// The operator pauses, if that makes sense now, and resumes later.
    pub(super) fn pause(self: &Arc<Self>, seconds: u32) {
        if self.by_hand(|desk| desk.pause()).is_ok() {
            self.afterwards(seconds, |world| {
                world.by_hand(|desk| desk.resume(None)).ok();
            });
        }
    }

    /// The operator goes on wherever an owner waits for that.
    pub(crate) async fn go_on(self: Arc<Self>) {
        loop {
            self.executor.sleep(OPERATOR_LOOKS_EVERY).await;
            self.by_hand(|desk| desk.resume(None)).ok();
        }
    }

    /// The operator writes a note that is no file of the competition.
    pub(super) fn write_note(&self, site: Site) {
        self.commit_as("operator", "A note", one("NOTES.md", format!("Seen at {site}.\n")));
    }

    /// The operator breaks `config.json` by hand, and mends it later.
    pub(super) fn break_file(self: &Arc<Self>, site: Site, seconds: u32) {
        let Some(good) = self.file("config.json").filter(|_| !self.is_broken()) else { return };
        let broken = match site.nth % 3 {
            0 => good.replace("\"win_margin\": 0", "\"win_margin\": \"0"),
            1 => good.replacen('{', "", 1),
            _ => good.replace("\"prompts_per_round\": ", "\"prompts_per_round\": -"),
        };
        self.edit("Edit the configuration", "config.json", broken);
        self.afterwards(seconds, move |world| {
            world.edit("Mend the configuration", "config.json", good);
        });
    }

    /// Whether a file is broken that the operator broke.
    pub(crate) fn is_broken(&self) -> bool {
        !self.breaks().is_multiple_of(2)
    }

    /// Somebody reads the sources of those who are to be audited.
    pub(crate) async fn read_sources(self: Arc<Self>) {
        loop {
            self.executor.sleep(AUDITOR_LOOKS_EVERY).await;
            let Some(state) = self.state() else { continue };
            let place = |file| Place::Round(state.current_round, file).to_string();
            let (asked, given) = (place(RoundFile::RequireAudit), place(RoundFile::SourceAudit));
            let asked = AuditRequests::from_optional(&asked, self.file(&asked).as_deref());
            let audits: SourceAudits =
                SourceAudits::from_optional(&given, self.file(&given).as_deref())
                    .ok()
                    .flatten()
                    .unwrap_or_default();
            for request in asked.ok().flatten().unwrap_or_default() {
                let Some(miner) = self.scenario.miner(&request.hotkey) else { continue };
                if source_audit(&audits, &request.hotkey).is_none() {
                    let (verdict, reason) = match miner.cast {
                        Cast::Thief => (Verdict::Failed, "it downloads a model of others"),
                        _ => (Verdict::Passed, ""),
                    };
                    let said =
                        |desk: &Desk<'_>| desk.source_audit(&request.hotkey, verdict, reason);
                    // Once the round has its winner, that is refused. Some people then commit it all the same.
                    if self.by_hand(said).is_err() && self.scenario.seed.is_multiple_of(2) {
                        let text = self.file(&given);
                        let all = SourceAudits::from_optional(&given, text.as_deref());
                        let mut all = all.ok().flatten().unwrap_or_default();
                        all.push(SourceAudit {
                            hotkey: request.hotkey.clone(),
                            verdict,
                            reason: reason.to_owned(),
                            layout: Layout::default(),
                        });
                        self.commit_as(
                            "auditor",
                            "A late source audit",
                            one(&given, all.to_text()),
                        );
                    }
                }
            }
        }
    }
}

/// The repository as people have it: it always answers.
#[derive(Debug)]
struct Hand<'w>(&'w World);

impl Repository for Hand<'_> {
    fn head(&self) -> Result<Option<Id>, RepositoryError> {
        self.0.books.head()
    }

    fn file_id(&self, at: Id, path: &str) -> Result<Option<Id>, RepositoryError> {
        self.0.books.file_id(at, path)
    }

    fn content_id(&self, content: &[u8]) -> Id {
        self.0.books.content_id(content)
    }

    fn read(&self, at: Id, path: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.0.books.read(at, path)
    }

    fn list(&self, at: Id, folder: &str) -> Result<Vec<String>, RepositoryError> {
        self.0.books.list(at, folder)
    }

    fn commit(&self, id: Id) -> Result<CommitInfo, RepositoryError> {
        self.0.books.commit(id)
    }

    fn write_commit(&self, parent: Option<Id>, draft: &Draft) -> Result<Id, RepositoryError> {
        let id = self.0.books.write_commit(parent, draft)?;
        lock(&self.0.history).wrote(id, parent, draft, true);
        Ok(id)
    }

    fn advance(&self, from: Option<Id>, to: Id) -> Result<Advance, RepositoryError> {
        self.0.advance(from, to)
    }
}

fn one(path: &str, text: String) -> BTreeMap<String, Option<String>> {
    BTreeMap::from([(path.to_owned(), Some(text))])
}
