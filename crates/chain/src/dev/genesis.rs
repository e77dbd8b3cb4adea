//! `genesis.json`: how a development chain begins.

use std::collections::BTreeSet;

use blake2::{Blake2b, Digest as _, digest::consts::U32};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::timelock::Beacon;
use crate::{Account, BLOCK_SECONDS, hex};

/// The longest genesis file that is read, in bytes.
pub(super) const BYTES_MAX: u64 = 1 << 20;

/// How a development chain begins. Accounts are addresses, or URIs of development keys such as `//Alice`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// The subnet; there is one.
    pub netuid: u16,
    /// When block 0 was.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub start: Timestamp,
    /// Milliseconds between blocks.
    #[serde(default = "block_ms")]
    pub block_ms: u64,
    /// The newest final block is so many below the head.
    #[serde(default = "finality_blocks")]
    pub finality_blocks: u64,
    /// The beacon's secret comes of these 32 bytes, in hex. Who has them can read what is sealed.
    #[serde(with = "hex")]
    pub beacon_seed: [u8; 32],
    /// Whether commitments are sealed until they are revealed. Without, all goes faster, and all can be read in the log.
    #[serde(default = "yes")]
    pub sealed: bool,
    /// Blocks that must lie between two settings of weights by one hotkey.
    #[serde(default = "weights_rate_limit")]
    pub weights_rate_limit: u64,
    /// So many weights must be set at once, or as many as there are members; one of a member for itself may stand alone.
    #[serde(default = "min_allowed_weights", skip_serializing_if = "is_usual")]
    pub min_allowed_weights: u16,
    /// From this stake on, in rao, a member's weights count.
    #[serde(default)]
    pub permit_stake: u64,
    /// How many members there can be.
    #[serde(default = "seats")]
    pub seats: u16,
    /// The subnet owner's hotkey: it may set weights without a permit.
    pub owner: Account,
    /// The first members, from place 0 on.
    pub members: Vec<Member>,
    /// What is locked.
    #[serde(default)]
    pub locks: Vec<Lock>,
}

/// A member from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Who acts.
    pub hotkey: Account,
    /// Who owns.
    pub coldkey: Account,
    /// In rao.
    #[serde(default)]
    pub stake: u64,
}

/// What a coldkey has locked from the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// Whose.
    pub coldkey: Account,
    /// In rao of the subnet's token.
    pub amount: u64,
}

/// A genesis that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("genesis.json: {field}: {problem}")]
pub struct GenesisError {
    /// Which member of it.
    pub field: &'static str,
    /// What is wrong, and what belongs there.
    pub problem: String,
}

fn write_time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

fn read_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
}

fn block_ms() -> u64 {
    BLOCK_SECONDS * 1000
}

fn finality_blocks() -> u64 {
    2
}

fn yes() -> bool {
    true
}

fn weights_rate_limit() -> u64 {
    100
}

fn min_allowed_weights() -> u16 {
    1
}

/// Leaves the file, and so the chain's hash, as it was before there was this member.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_usual(weights: &u16) -> bool {
    *weights == min_allowed_weights()
}

fn seats() -> u16 {
    256
}

impl Genesis {
    /// With Bittensor's numbers, and the owner as only member, at place 0; `seed` for the beacon.
    #[must_use]
    pub fn new(netuid: u16, start: Timestamp, owner: Member, seed: [u8; 32]) -> Self {
        Self {
            netuid,
            start,
            block_ms: block_ms(),
            finality_blocks: finality_blocks(),
            beacon_seed: seed,
            sealed: true,
            weights_rate_limit: weights_rate_limit(),
            min_allowed_weights: min_allowed_weights(),
            permit_stake: 0,
            seats: seats(),
            owner: owner.hotkey,
            members: vec![owner],
            locks: Vec::new(),
        }
    }

    /// From the text of a file.
    ///
    /// # Errors
    ///
    /// [`GenesisError`], also for what [`Genesis::check`] finds.
    pub fn from_text(text: &str) -> Result<Self, GenesisError> {
        let genesis: Self = serde_json::from_str(text)
            .map_err(|error| GenesisError { field: "file", problem: error.to_string() })?;
        genesis.check().map(|()| genesis)
    }

    /// The text of its file.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string_pretty(self).expect("it has nothing that JSON has not") + "\n"
    }

    /// Whether it makes sense.
    ///
    /// # Errors
    ///
    /// The first thing that does not.
    pub fn check(&self) -> Result<(), GenesisError> {
        let wrong =
            |field, problem: String| Err::<(), GenesisError>(GenesisError { field, problem });
        if !(10..=600_000).contains(&self.block_ms) {
            return wrong("block_ms", format!("{} ms; use 10 to 600000", self.block_ms));
        }
        if self.finality_blocks > 1000 {
            return wrong("finality_blocks", format!("{}; use 0 to 1000", self.finality_blocks));
        }
        if self.members.len() > usize::from(self.seats) {
            let problem = format!("{} for {} seats", self.members.len(), self.seats);
            return wrong("members", problem);
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = self.members.iter().find(|member| !seen.insert(member.hotkey)) {
            return wrong("members", format!("hotkey {} comes twice", twice.hotkey));
        }
        if !seen.contains(&self.owner) {
            return wrong("owner", format!("{} is no member's hotkey", self.owner));
        }
        let mut seen = BTreeSet::new();
        match self.locks.iter().find(|lock| !seen.insert(lock.coldkey)) {
            Some(twice) => wrong("locks", format!("coldkey {} comes twice", twice.coldkey)),
            None => Ok(()),
        }
    }

    /// When a block is there.
    #[must_use]
    pub fn time_of(&self, block: u64) -> Timestamp {
        let after = std::time::Duration::from_millis(block.saturating_mul(self.block_ms));
        self.start.saturating_add(after).unwrap_or(Timestamp::MAX)
    }

    /// Which block is there at a time; block 0 before the start.
    #[must_use]
    pub fn block_at(&self, time: Timestamp) -> u64 {
        let passed = self.start.duration_until(time).as_millis();
        u64::try_from(passed / i128::from(self.block_ms)).unwrap_or(0)
    }

    pub(super) fn beacon(&self) -> Beacon {
        Beacon::from_seed(&self.beacon_seed)
    }

    /// Of what it means, not of how its file is written.
    pub(super) fn hash(&self) -> [u8; 32] {
        Blake2b::<U32>::digest(self.to_text()).into()
    }
}
