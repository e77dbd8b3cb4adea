//! By whose rules a round was run.

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
    !ours && !books.rounds().into_keys().any(|round| books.paths.contains(&observed::path(round)))
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

    /// Tells by the files that are there; `ours` if the competition's rules are.
    pub(super) fn of(books: &Books<'_>, round: Round, ours: bool) -> Self {
        if ours || books.paths.contains(&observed::path(round)) {
            return Self::Crucible;
        }
        let has = |file| books.has(&Place::Round(round, file));
        if has(RoundFile::JudgeProgress) {
            return Self::Splats;
        }
        if has(RoundFile::AuditMatrix) || has(RoundFile::GenerationReports) {
            return Self::Modules;
        }
        let requests = Place::Round(round, RoundFile::RequireAudit).to_string();
        let audits = Place::Round(round, RoundFile::GenerationAudits).to_string();
        let requests =
            books.peek(&requests).and_then(|text| AuditRequests::from_text("", &text).ok());
        if requests.is_some_and(|all| all.iter().any(|one| one.critical_prompts.is_some())) {
            return Self::Meshes;
        }
        let audits =
            books.peek(&audits).and_then(|text| GenerationAudits::from_text("", &text).ok());
        if audits.is_some_and(|all| all.values().any(|one| matches!(one, GenerationAudit::Mesh(_))))
        {
            return Self::Meshes;
        }
        let folder = format!("rounds/{round}/");
        for path in books.below(&folder) {
            let Some(Place::Miner(_, _, file)) = Place::parse(path) else { continue };
            match file {
                MinerFile::Generations | MinerFile::DuelsWithLeader => return Self::Splats,
                MinerFile::Submitted => {
                    let outputs =
                        books.peek(path).and_then(|text| Outputs::from_text("", &text).ok());
                    let kind = outputs.and_then(|all| all.values().next().map(|row| row.kind));
                    if let Some(kind) = kind {
                        return if kind == AssetKind::Mesh { Self::Meshes } else { Self::Modules };
                    }
                }
                _ => {}
            }
        }
        let schedule = Place::Round(round, RoundFile::Schedule).to_string();
        let schedule = books.peek(&schedule);
        match schedule {
            Some(text) if !text.contains("generation_deadline_block") => Self::Splats,
            _ => Self::Modules,
        }
    }
}
