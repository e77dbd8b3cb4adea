//! `rounds/{n}/commitments.json`: what the collector saw on the chain when a round began. Everything that follows from it, others
//! can work out again.
//!
//! ```json
//! {
//!   "netuid": 17,
//!   "start_block": 121600,
//!   "start_hash": "9f…",
//!   "read_block": 121600,
//!   "read_hash": "9f…",
//!   "published_block": 121603,
//!   "required_lock": 100000000000,
//!   "hotkeys": [
//!     { "hotkey": "5F…", "coldkey": "5D…", "entries": [ { "block": 121580, "bytes": "38…" } ] }
//!   ],
//!   "locks": { "5D…": 250000000000 }
//! }
//! ```
//!
//! Hashes and bytes are hex; locks are in rao, 1e9 to one of the subnet's token.

use std::collections::BTreeMap;

use chain::{Account, Block, Neuron, REVEALS_MAX, Revealed};
use ledger::files::schedule::Schedule;
use ledger::json::{Json, Object, Step};
use ledger::{Field, FieldError, JsonFile, Round};

use super::commitments::{ENTRY_BYTES_MAX, in_window};

/// What was seen on the chain when a round began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// The subnet.
    pub netuid: u16,
    /// The block that ends the window of reveals, final. Its hash is where the round's seed comes from.
    pub start: Block,
    /// The block as of which everything was read: `start`, or a later one when the node did not know that any more.
    pub read: Block,
    /// The chain's head when this was written down.
    pub published_block: u64,
    /// What a coldkey must have locked for each of its submissions, in rao.
    pub required_lock: u64,
    /// Members of the subnet with entries in the window, by hotkey.
    pub hotkeys: Vec<Entries>,
    /// What coldkeys have locked, in rao. Those that need nothing are not asked about.
    pub locks: BTreeMap<Account, u64>,
}

/// What a hotkey revealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entries {
    /// Whose.
    pub hotkey: Account,
    /// Who owns it.
    pub coldkey: Account,
    /// Raw bytes and block; those in the window, oldest first.
    pub entries: Vec<(Vec<u8>, u64)>,
}

/// Where it is written.
#[must_use]
pub fn path(round: Round) -> String {
    format!("rounds/{round}/commitments.json")
}

/// The entries that count for a round, of members only, by hotkey.
#[must_use]
pub fn entries(revealed: &[Revealed], neurons: &[Neuron], schedule: &Schedule) -> Vec<Entries> {
    let owners: BTreeMap<Account, Account> =
        neurons.iter().map(|neuron| (neuron.hotkey, neuron.coldkey)).collect();
    let mut found = BTreeMap::new();
    for Revealed { hotkey, entries } in revealed {
        let Some(&coldkey) = owners.get(hotkey) else { continue };
        let counts = |entry: &&(Vec<u8>, u64)| {
            in_window(schedule, entry.1) && entry.0.len() <= ENTRY_BYTES_MAX
        };
        let newest = entries.iter().rev().take(REVEALS_MAX).filter(counts);
        let mut entries: Vec<_> = newest.cloned().collect();
        entries.reverse();
        if !entries.is_empty() {
            found.insert(*hotkey, Entries { hotkey: *hotkey, coldkey, entries });
        }
    }
    found.into_values().collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.chunks_exact(2).map(pair).collect()
}

/// One member, read by `read`, with the way to it in the error.
fn member<T>(
    members: &Object,
    key: &str,
    read: impl Fn(&Json) -> Result<T, FieldError>,
) -> Result<T, FieldError> {
    let value = members.get(key).ok_or_else(|| {
        FieldError::new(format!("\"{key}\" is missing"), "restore the file from an earlier commit")
    })?;
    read(value).map_err(|error| error.under(Step::Key(key.to_owned())))
}

fn wrong(json: &Json, expected: &str) -> FieldError {
    let problem = format!("{} where {expected} belongs", json.kind());
    FieldError::new(problem, "restore the file from an earlier commit")
}

fn object(json: &Json) -> Result<&Object, FieldError> {
    json.as_object().ok_or_else(|| wrong(json, "an object"))
}

fn items<T>(
    json: &Json,
    read: impl Fn(&Json) -> Result<T, FieldError>,
) -> Result<Vec<T>, FieldError> {
    let items = json.as_array().ok_or_else(|| wrong(json, "an array"))?;
    let item = |(n, item)| read(item).map_err(|error| error.under(Step::Item(n)));
    items.iter().enumerate().map(item).collect()
}

fn account(json: &Json) -> Result<Account, FieldError> {
    let account = json.as_str().and_then(|text| text.parse().ok());
    account.ok_or_else(|| wrong(json, "an SS58 address"))
}

fn bytes(json: &Json) -> Result<Vec<u8>, FieldError> {
    let bytes = json.as_str().and_then(unhex);
    bytes.ok_or_else(|| wrong(json, "bytes as hex digits"))
}

fn hash(json: &Json) -> Result<[u8; 32], FieldError> {
    bytes(json)?.try_into().map_err(|_| wrong(json, "a hash of 64 hex digits"))
}

fn entry(json: &Json) -> Result<(Vec<u8>, u64), FieldError> {
    let members = object(json)?;
    Ok((member(members, "bytes", bytes)?, member(members, "block", u64::read)?))
}

fn entries_of(json: &Json) -> Result<Entries, FieldError> {
    let members = object(json)?;
    Ok(Entries {
        hotkey: member(members, "hotkey", account)?,
        coldkey: member(members, "coldkey", account)?,
        entries: member(members, "entries", |json| items(json, entry))?,
    })
}

fn locks(json: &Json) -> Result<BTreeMap<Account, u64>, FieldError> {
    let lock = |(key, value): (&String, &Json)| {
        let under = |error: FieldError| error.under(Step::Key(key.clone()));
        let coldkey = account(&Json::from(key.as_str())).map_err(under)?;
        Ok((coldkey, u64::read(value).map_err(under)?))
    };
    object(json)?.iter().map(lock).collect()
}

impl Field for Observed {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let members = object(json)?;
        let netuid = |json: &Json| {
            let value = u32::read(json)?;
            u16::try_from(value).map_err(|_| wrong(json, "a number up to 65535"))
        };
        let block = |number, hash_of| -> Result<Block, FieldError> {
            let number = member(members, number, u64::read)?;
            Ok(Block { number, hash: member(members, hash_of, hash)? })
        };
        Ok(Self {
            netuid: member(members, "netuid", netuid)?,
            start: block("start_block", "start_hash")?,
            read: block("read_block", "read_hash")?,
            published_block: member(members, "published_block", u64::read)?,
            required_lock: member(members, "required_lock", u64::read)?,
            hotkeys: member(members, "hotkeys", |json| items(json, entries_of))?,
            locks: member(members, "locks", locks)?,
        })
    }

    fn plain(&self) -> Json {
        let made = |members: Vec<(&str, Json)>| {
            Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
        };
        let text = |text: String| Json::String(text);
        let entry = |(bytes, block): &(Vec<u8>, u64)| {
            made(vec![("block", block.plain()), ("bytes", text(faster_hex::hex_string(bytes)))])
        };
        let hotkey = |one: &Entries| {
            made(vec![
                ("hotkey", text(one.hotkey.to_string())),
                ("coldkey", text(one.coldkey.to_string())),
                ("entries", Json::Array(one.entries.iter().map(entry).collect())),
            ])
        };
        let lock = |(coldkey, rao): (&Account, &u64)| (coldkey.to_string(), rao.plain());
        made(vec![
            ("netuid", Json::int(self.netuid.into())),
            ("start_block", self.start.number.plain()),
            ("start_hash", text(faster_hex::hex_string(&self.start.hash))),
            ("read_block", self.read.number.plain()),
            ("read_hash", text(faster_hex::hex_string(&self.read.hash))),
            ("published_block", self.published_block.plain()),
            ("required_lock", self.required_lock.plain()),
            ("hotkeys", Json::Array(self.hotkeys.iter().map(hotkey).collect())),
            ("locks", Json::Object(self.locks.iter().map(lock).collect())),
        ])
    }
}

impl JsonFile for Observed {}
