//! By whose rules a round was run.

use std::collections::BTreeMap;

use ledger::files::audits::{AuditRequests, GenerationAudit, GenerationAudits};
use ledger::files::outputs::{AssetKind, Outputs};
use ledger::{JsonFile, MinerFile, Place, Round, RoundFile};

use super::books::Books;
use crate::collector::observed;

/// Whether a repository is one of the original: neither its rules nor any of its rounds have what only ours have.
pub(super) fn is_original(books: &Books<'_>) -> bool {
    let config = books.peek(&Place::Config.to_string());
    let ours = config.is_some_and(|text| match ledger::json::read(&text) {
        Ok(json) => json.as_object().is_some_and(|members| members.contains_key("crucible")),
        Err(_) => text.contains("\"crucible\""),
    });
    !ours && !books.rounds().iter().any(|&round| books.paths.contains(&observed::path(round)))
}

/// By whose rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// Ours: evidence of everything.
    Crucible,
    /// The original's last era.
    Modules,
    /// Its second.
    Meshes,
    /// Its first.
    Splats,
}

impl Rules {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Crucible => "crucible",
            Self::Modules => "modules",
            Self::Meshes => "meshes",
            Self::Splats => "splats",
        }
    }

    /// Tells by the files that are there; `ours` if the competition's rules are. A round that has too few is by the rules of those
    /// before it, or behind it.
    pub(super) fn of(books: &Books<'_>, round: Round, ours: bool, eras: &Eras) -> Self {
        if ours || books.paths.contains(&observed::path(round)) {
            return Self::Crucible;
        }
        if let Some(told) = eras.get(&round) {
            return *told;
        }
        let schedule = Place::Round(round, RoundFile::Schedule).to_string();
        match books.peek(&schedule) {
            Some(text) if !text.contains("generation_deadline_block") => Self::Splats,
            _ => {
                let before = eras.range(..round).next_back();
                let near = before.or_else(|| eras.range(round..).next());
                near.map(|(_, rules)| *rules)
                    .filter(|rules| *rules != Self::Splats)
                    .unwrap_or(Self::Modules)
            }
        }
    }

    /// The rules of a round of the original, if its files tell.
    fn told(books: &Books<'_>, round: Round) -> Option<Self> {
        let has = |file| books.has(&Place::Round(round, file));
        if has(RoundFile::JudgeProgress) {
            return Some(Self::Splats);
        }
        if has(RoundFile::AuditMatrix) || has(RoundFile::GenerationReports) {
            return Some(Self::Modules);
        }
        let requests = Place::Round(round, RoundFile::RequireAudit).to_string();
        let audits = Place::Round(round, RoundFile::GenerationAudits).to_string();
        let requests =
            books.peek(&requests).and_then(|text| AuditRequests::from_text("", &text).ok());
        if requests.is_some_and(|all| all.iter().any(|one| one.critical_prompts.is_some())) {
            return Some(Self::Meshes);
        }
        let audits =
            books.peek(&audits).and_then(|text| GenerationAudits::from_text("", &text).ok());
        if audits.is_some_and(|all| all.values().any(|one| matches!(one, GenerationAudit::Mesh(_))))
        {
            return Some(Self::Meshes);
        }
        let folder = format!("rounds/{round}/");
        for path in books.below(&folder) {
            let Some(Place::Miner(_, _, file)) = Place::parse(path) else { continue };
            match file {
                MinerFile::Generations | MinerFile::DuelsWithLeader => return Some(Self::Splats),
                MinerFile::Submitted | MinerFile::Generated | MinerFile::GeneratedRepeat(_) => {
                    let outputs =
                        books.peek(path).and_then(|text| Outputs::from_text("", &text).ok());
                    let kind = outputs.and_then(|all| all.values().next().map(|row| row.kind));
                    if let Some(kind) = kind {
                        let is_mesh = kind == AssetKind::Mesh;
                        return Some(if is_mesh { Self::Meshes } else { Self::Modules });
                    }
                }
                _ => {}
            }
        }
        None
    }
}

/// The eras of rounds whose files tell.
pub(super) type Eras = BTreeMap<Round, Rules>;

/// The eras of these rounds.
pub(super) fn eras(books: &Books<'_>, rounds: impl Iterator<Item = Round>) -> Eras {
    rounds.filter_map(|round| Some((round, Rules::told(books, round)?))).collect()
}
