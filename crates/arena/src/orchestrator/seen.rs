//! The files that decisions rest on, as they are at one commit with what is about to be committed.

use std::collections::BTreeMap;
use std::sync::Arc;

use ledger::files::audits::{AuditRequests, GenerationAudits, SourceAudits};
use ledger::files::builds::Builds;
use ledger::files::config::{Config, KindWord};
use ledger::files::leader::{LeaderEntry, Leaders};
use ledger::files::outputs::{AssetKind, Outputs};
use ledger::files::prompts;
use ledger::files::reports::{GenerationOutcome, GenerationReports};
use ledger::files::schedule::SeedFile;
use ledger::files::state::State;
use ledger::files::submissions::Submissions;
use ledger::{LEADER, MinerFile, Place, Round, RoundFile};
use views::Kind;

use super::STAGES;
use super::desk::{Desk, DeskError};

/// What is seen of a round.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The round.
    pub round: Round,
    /// Rules.
    pub config: Arc<Config>,
    /// Of the round.
    pub seed: u32,
    /// Stem and URL, in the order of the file.
    pub prompts: Vec<(String, String)>,
    /// The latest.
    pub leader: Option<LeaderEntry>,
    /// Who takes part.
    pub submissions: Arc<Submissions>,
    /// Their images.
    pub builds: Arc<Builds>,
    /// Whose outputs are to be made again.
    pub requests: Arc<AuditRequests>,
    /// Verdicts of people.
    pub source_audits: Arc<SourceAudits>,
    /// Verdicts of the judge.
    pub generation_audits: Arc<GenerationAudits>,
    /// What was said so far.
    pub reports: Arc<GenerationReports>,
    /// Of those whose outputs are to be made again; of somebody whose file is not there, nothing.
    pub submitted: BTreeMap<String, Arc<Outputs>>,
    /// What was made of the leader's baseline so far.
    pub baseline: Arc<Outputs>,
}

impl Seen {
    /// How often a winner's outputs are made again.
    #[must_use]
    pub fn repeats(&self) -> u32 {
        self.config.repeats()
    }

    /// What is asked for.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self.config.options().kind {
            KindWord::Splats => Kind::Splats,
            KindWord::Meshes => Kind::Mesh,
            KindWord::Modules => Kind::Module,
        }
    }

    /// Everything there is to see of a round; nothing when the state is at another one, or at none of [`STAGES`].
    pub(super) fn read(desk: &Desk<'_>, round: Round) -> Result<Option<Self>, DeskError> {
        let state: Arc<State> = desk.look_for(&Place::State)?;
        if !STAGES.contains(&state.stage) || state.current_round != round {
            return Ok(None);
        }
        let of_round = |file| Place::Round(round, file);
        let config: Arc<Config> = desk.look_for(&Place::Config)?;
        if let Some(problem) = config.problems().first() {
            return Err(DeskError::Operator(problem.to_string()));
        }
        let leaders: Arc<Leaders> = desk.look(&Place::Leader)?.unwrap_or_default();
        let seed: Arc<SeedFile> = desk.look_for(&of_round(RoundFile::Seed))?;
        let place = of_round(RoundFile::Prompts);
        let text = desk.text(&place)?.unwrap_or_default();
        let urls = prompts::of_round(&text);
        if urls.is_empty() {
            return Err(DeskError::Operator(format!(
                "{place}: there is no prompt; restore the file"
            )));
        }
        let mut seen = Self {
            round,
            config,
            seed: seed.seed,
            prompts: urls
                .into_iter()
                .map(|url| (prompts::stem(url).to_owned(), url.to_owned()))
                .collect(),
            leader: leaders.latest().cloned(),
            submissions: desk.look_for(&of_round(RoundFile::Submissions))?,
            builds: desk.look(&of_round(RoundFile::Builds))?.unwrap_or_default(),
            requests: desk.look(&of_round(RoundFile::RequireAudit))?.unwrap_or_default(),
            source_audits: desk.look(&of_round(RoundFile::SourceAudit))?.unwrap_or_default(),
            generation_audits: desk
                .look(&of_round(RoundFile::GenerationAudits))?
                .unwrap_or_default(),
            reports: desk.look(&of_round(RoundFile::GenerationReports))?.unwrap_or_default(),
            submitted: BTreeMap::new(),
            baseline: desk.rows(round, LEADER, 1)?,
        };
        for hotkey in seen.requests.iter().map(|request| request.hotkey.clone()).collect::<Vec<_>>()
        {
            let is_done = |outcome| outcome != GenerationOutcome::Pending;
            let report = seen.reports.get(&hotkey);
            if hotkey == LEADER
                || report.is_some_and(|report| is_done(report.outcome))
                || !seen.submissions.contains_key(&hotkey)
            {
                continue;
            }
            let place = Place::Miner(round, hotkey.clone(), MinerFile::Submitted);
            if let Some(submitted) = desk.look(&place)? {
                seen.submitted.insert(hotkey, submitted);
            }
        }
        Ok(Some(seen))
    }
}

/// The kind of a row.
pub(super) fn asset_kind(kind: Kind) -> AssetKind {
    match kind {
        Kind::Splats => AssetKind::Splats,
        Kind::Mesh => AssetKind::Mesh,
        Kind::Module => AssetKind::Module,
    }
}
