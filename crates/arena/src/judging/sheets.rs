//! What contestants brought, file by file, read once for each content.

use std::collections::BTreeMap;
use std::sync::Arc;

use judge::audit::SUBMITTED;
use judge::tournament::Play;
use ledger::files::outputs::{Outputs, delivered};
use ledger::repository::{Id, ReadError, Repository, Snapshot};
use ledger::{JsonFile as _, LEADER, MinerFile, Place, Round};

/// A file of outputs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// What the leader's image made.
    Leader,
    /// What a miner submitted.
    Submitted(String),
    /// What a miner's image made, the how manieth time, from 1.
    Generated(String, u32),
}

impl Source {
    /// What stands for a contestant in matches of the tournament.
    #[must_use]
    pub fn of(contestant: &str) -> Self {
        if contestant == LEADER { Self::Leader } else { Self::Submitted(contestant.to_owned()) }
    }

    /// Both sides of a match.
    #[must_use]
    pub fn sides(play: &Play) -> [Self; 2] {
        match play {
            Play::Qualification { hotkey } => [Self::Leader, Self::of(hotkey)],
            Play::Timeline { defender, hotkey } | Play::Ahead { defender, hotkey } => {
                [Self::of(defender), Self::of(hotkey)]
            }
            Play::Audit(audit) => {
                let left = if audit.against == SUBMITTED { &audit.hotkey } else { &audit.against };
                [Self::of(left), Self::Generated(audit.hotkey.clone(), audit.repeat)]
            }
        }
    }

    /// Where it may be, in the order to look.
    fn places(&self, round: Round) -> Vec<Place> {
        let (hotkey, files) = match self {
            Self::Leader => (LEADER, MinerFile::generated(1)),
            Self::Submitted(hotkey) => (hotkey.as_str(), vec![MinerFile::Submitted]),
            Self::Generated(hotkey, repeat) => (hotkey.as_str(), MinerFile::generated(*repeat)),
        };
        let place = |file| Place::Miner(round, hotkey.to_owned(), file);
        files.into_iter().map(place).collect()
    }
}

/// What a file of outputs says.
#[derive(Debug, Default)]
pub struct Sheet {
    /// Its content; empty if there is no such file.
    pub text: String,
    /// By stem.
    pub outputs: Outputs,
    /// Whether there is anything to judge.
    pub delivered: bool,
}

/// Files of outputs that were read, by path, with what they had. It may be lost at any time.
#[derive(Debug, Default)]
pub struct Cache(BTreeMap<String, (Id, Arc<Sheet>)>);

impl Cache {
    /// Reads a file of outputs; notes down the content of every path that was looked at.
    ///
    /// # Errors
    ///
    /// [`ReadError`].
    pub fn read(
        &mut self,
        books: &dyn Repository,
        at: Id,
        round: Round,
        source: &Source,
        ids: &mut BTreeMap<String, Option<Id>>,
    ) -> Result<Arc<Sheet>, ReadError> {
        for place in source.places(round) {
            let path = place.to_string();
            let id = books.file_id(at, &path)?;
            ids.insert(path.clone(), id);
            let Some(id) = id else { continue };
            if let Some((_, sheet)) = self.0.get(&path).filter(|(known, _)| *known == id) {
                return Ok(Arc::clone(sheet));
            }
            let text = Snapshot::new(books, at).text(&place)?.unwrap_or_default();
            let outputs = Outputs::from_optional(&path, Some(&text))?.unwrap_or_default();
            let sheet = Arc::new(Sheet { delivered: delivered(&outputs), text, outputs });
            self.0.insert(path, (id, Arc::clone(&sheet)));
            return Ok(sheet);
        }
        Ok(Arc::default())
    }

    /// Forgets other rounds.
    pub fn keep_round(&mut self, round: Round) {
        let folder = format!("rounds/{round}/");
        self.0.retain(|path, _| path.starts_with(&folder));
    }
}
