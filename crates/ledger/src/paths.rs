//! Where each file is, and which file a path is.

use std::fmt;

use crate::error::FileError;
use crate::file::JsonFile;
use crate::files::audits::{AuditRequests, GenerationAudits, SourceAudits};
use crate::files::builds::Builds;
use crate::files::config::Config;
use crate::files::duels::MatchReport;
use crate::files::leader::Leaders;
use crate::files::matrix::Matrix;
use crate::files::outputs::Outputs;
use crate::files::pod_stats::AllPodStats;
use crate::files::reports::GenerationReports;
use crate::files::schedule::{Schedule, SeedFile};
use crate::files::state::{Round, State};
use crate::files::submissions::{Submissions, hotkey10};
use crate::files::winner::{JudgeProgress, Winner};

/// A file of a competition. `to_string` is its path.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// `state.json`.
    State,
    /// `config.json`.
    Config,
    /// `leader.json`.
    Leader,
    /// `prompts.txt`: the pool.
    Pool,
    /// In `rounds/{n}/`.
    Round(Round, RoundFile),
    /// In `rounds/{n}/{hotkey}/`.
    Miner(Round, String, MinerFile),
}

/// A file of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoundFile {
    /// `schedule.json`.
    Schedule,
    /// `seed.json`.
    Seed,
    /// `prompts.txt`.
    Prompts,
    /// `submissions.json`.
    Submissions,
    /// `builds.json`.
    Builds,
    /// `require_audit.json`.
    RequireAudit,
    /// `generation_reports.json`.
    GenerationReports,
    /// `generation_audits.json`.
    GenerationAudits,
    /// `source_audit.json`.
    SourceAudit,
    /// `matches_matrix.csv`.
    MatchesMatrix,
    /// `audit_matrix.csv`.
    AuditMatrix,
    /// `winner.json`.
    Winner,
    /// `judge_progress.json`, splat era.
    JudgeProgress,
}

impl RoundFile {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Schedule,
        Self::Seed,
        Self::Prompts,
        Self::Submissions,
        Self::Builds,
        Self::RequireAudit,
        Self::GenerationReports,
        Self::GenerationAudits,
        Self::SourceAudit,
        Self::MatchesMatrix,
        Self::AuditMatrix,
        Self::Winner,
        Self::JudgeProgress,
    ];

    /// Its name in the folder of the round.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Schedule => "schedule.json",
            Self::Seed => "seed.json",
            Self::Prompts => "prompts.txt",
            Self::Submissions => "submissions.json",
            Self::Builds => "builds.json",
            Self::RequireAudit => "require_audit.json",
            Self::GenerationReports => "generation_reports.json",
            Self::GenerationAudits => "generation_audits.json",
            Self::SourceAudit => "source_audit.json",
            Self::MatchesMatrix => "matches_matrix.csv",
            Self::AuditMatrix => "audit_matrix.csv",
            Self::Winner => "winner.json",
            Self::JudgeProgress => "judge_progress.json",
        }
    }
}

/// A file of a miner, or of the leader, in a round.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MinerFile {
    /// `submitted.json`.
    Submitted,
    /// `generated.json`: the first repeat by the name of documents and of the mesh era.
    Generated,
    /// `generated_{repeat}.json`, from 1.
    GeneratedRepeat(u32),
    /// `generations.json`, splat era.
    Generations,
    /// `duels.json`, splat era.
    DuelsWithLeader,
    /// `duels_{left}.json`: ten characters of the defender.
    Duels(String),
    /// `audit_{left}_{repeat}.json`.
    Audit(String, u32),
    /// `pod_stats.json`.
    PodStats,
}

impl MinerFile {
    /// The report of a match against `left`.
    #[must_use]
    pub fn duels(left: &str) -> Self {
        Self::Duels(hotkey10(left).to_owned())
    }

    /// The report of a match of a repeat against `left`, which is `submitted` or the defender.
    #[must_use]
    pub fn audit(left: &str, repeat: u32) -> Self {
        Self::Audit(hotkey10(left).to_owned(), repeat)
    }

    /// The names under which a repeat may be found, in the order to look.
    #[must_use]
    pub fn generated(repeat: u32) -> Vec<Self> {
        let numbered = Self::GeneratedRepeat(repeat);
        if repeat == 1 { vec![numbered, Self::Generated] } else { vec![numbered] }
    }

    fn parse(name: &str) -> Option<Self> {
        let numbered = |text: &str| text.parse().ok().filter(|n: &u32| n.to_string() == text);
        Some(match name {
            "submitted.json" => Self::Submitted,
            "generated.json" => Self::Generated,
            "generations.json" => Self::Generations,
            "duels.json" => Self::DuelsWithLeader,
            "pod_stats.json" => Self::PodStats,
            _ => {
                let name = name.strip_suffix(".json")?;
                if let Some(repeat) = name.strip_prefix("generated_") {
                    Self::GeneratedRepeat(numbered(repeat)?)
                } else if let Some(left) = name.strip_prefix("duels_") {
                    Self::Duels(left.to_owned())
                } else {
                    let (left, repeat) = name.strip_prefix("audit_")?.rsplit_once('_')?;
                    Self::Audit(left.to_owned(), numbered(repeat)?)
                }
            }
        })
    }
}

impl fmt::Display for MinerFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Submitted => f.write_str("submitted.json"),
            Self::Generated => f.write_str("generated.json"),
            Self::GeneratedRepeat(repeat) => write!(f, "generated_{repeat}.json"),
            Self::Generations => f.write_str("generations.json"),
            Self::DuelsWithLeader => f.write_str("duels.json"),
            Self::Duels(left) => write!(f, "duels_{left}.json"),
            Self::Audit(left, repeat) => write!(f, "audit_{left}_{repeat}.json"),
            Self::PodStats => f.write_str("pod_stats.json"),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::State => f.write_str("state.json"),
            Self::Config => f.write_str("config.json"),
            Self::Leader => f.write_str("leader.json"),
            Self::Pool => f.write_str("prompts.txt"),
            Self::Round(round, file) => write!(f, "rounds/{round}/{}", file.name()),
            Self::Miner(round, hotkey, file) => write!(f, "rounds/{round}/{hotkey}/{file}"),
        }
    }
}

impl Place {
    /// Which file a path is; nothing for a path of something else.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let place = match (parts.next()?, parts.next(), parts.next(), parts.next(), parts.next()) {
            ("state.json", None, ..) => Self::State,
            ("config.json", None, ..) => Self::Config,
            ("leader.json", None, ..) => Self::Leader,
            ("prompts.txt", None, ..) => Self::Pool,
            ("rounds", Some(round), Some(name), below, None) => {
                // Round numbers are decimal without padding.
                let number: u32 = round.parse().ok().filter(|n: &u32| n.to_string() == round)?;
                let round = Round(number);
                match below {
                    None => {
                        let file = RoundFile::ALL.into_iter().find(|file| file.name() == name)?;
                        Self::Round(round, file)
                    }
                    Some(_) if name.is_empty() => return None,
                    Some(file) => Self::Miner(round, name.to_owned(), MinerFile::parse(file)?),
                }
            }
            _ => return None,
        };
        Some(place)
    }

    /// Reads `text` as this file, for its errors only. Texts of prompts have none.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub fn check(&self, text: &str) -> Result<(), FileError> {
        let path = &self.to_string();
        match self {
            Self::State => State::from_text(path, text).map(drop),
            Self::Config => Config::from_text(path, text).map(drop),
            Self::Leader => Leaders::from_text(path, text).map(drop),
            Self::Pool => Ok(()),
            Self::Round(_, file) => match file {
                RoundFile::Schedule => Schedule::from_text(path, text).map(drop),
                RoundFile::Seed => SeedFile::from_text(path, text).map(drop),
                RoundFile::Prompts => Ok(()),
                RoundFile::Submissions => Submissions::from_text(path, text).map(drop),
                RoundFile::Builds => Builds::from_text(path, text).map(drop),
                RoundFile::RequireAudit => AuditRequests::from_text(path, text).map(drop),
                RoundFile::GenerationReports => GenerationReports::from_text(path, text).map(drop),
                RoundFile::GenerationAudits => GenerationAudits::from_text(path, text).map(drop),
                RoundFile::SourceAudit => SourceAudits::from_text(path, text).map(drop),
                RoundFile::MatchesMatrix | RoundFile::AuditMatrix => {
                    Matrix::from_text(path, text).map(drop)
                }
                RoundFile::Winner => Winner::from_text(path, text).map(drop),
                RoundFile::JudgeProgress => JudgeProgress::from_text(path, text).map(drop),
            },
            Self::Miner(_, _, file) => match file {
                MinerFile::Submitted
                | MinerFile::Generated
                | MinerFile::GeneratedRepeat(_)
                | MinerFile::Generations => Outputs::from_text(path, text).map(drop),
                MinerFile::DuelsWithLeader | MinerFile::Duels(_) | MinerFile::Audit(..) => {
                    MatchReport::from_text(path, text).map(drop)
                }
                MinerFile::PodStats => AllPodStats::from_text(path, text).map(drop),
            },
        }
    }
}
