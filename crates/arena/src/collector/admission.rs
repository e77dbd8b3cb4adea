//! Who takes part in a round: a pure function of what was seen on the chain.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr as _;

use chain::Account;
use fetch::Url;
use ledger::files::config::Config;
use ledger::files::schedule::Schedule;
use ledger::files::submissions::{Submission, Submissions};
use ledger::{Layout, Round};
use sha2::{Digest as _, Sha256};

use super::commitments::{Commitment, Flaw, commitment};
use super::observed::{Entries, Observed};

/// Why a hotkey does not take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// What it revealed is no submission.
    Flaw(Flaw),
    /// Its coldkey locked too little for all of its submissions.
    Lock {
        /// What it locked, in rao.
        locked: u64,
        /// What it needs, in rao.
        required: u64,
    },
    /// Another hotkey had the same repository and commit before it.
    SameCode(Account),
    /// Another hotkey had the same place of outputs before it; see [`place`].
    SamePlace(Account),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flaw(flaw) => flaw.fmt(f),
            Self::Lock { locked, required } => {
                write!(f, "its coldkey locked {locked} rao of {required}")
            }
            Self::SameCode(first) => write!(f, "{first} had the same commit before"),
            Self::SamePlace(first) => write!(f, "{first} had the same cdn_url before"),
        }
    }
}

/// Who takes part in a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    /// Those who do, in the order in which they challenge.
    pub submissions: Submissions,
    /// Those who do not, by hotkey.
    pub refused: Vec<(Account, Refusal)>,
}

impl Admission {
    /// How many hotkeys revealed a whole submission.
    #[must_use]
    pub fn committed(&self) -> usize {
        let is_whole = |refusal: &&(Account, Refusal)| !matches!(refusal.1, Refusal::Flaw(_));
        self.submissions.len() + self.refused.iter().filter(is_whole).count()
    }

    /// How many of those lack a lock.
    #[must_use]
    pub fn unlocked(&self) -> usize {
        self.refused.iter().filter(|(_, why)| matches!(why, Refusal::Lock { .. })).count()
    }
}

/// The seed of a round: the first four bytes, little-endian, of the SHA-256 of `crucible seed`, netuid (two bytes, little-endian),
/// round (four) and the hash of the block that ends the window of reveals. Nobody chooses it, and it comes out the same again.
#[must_use]
pub fn seed(netuid: u16, round: Round, start_hash: &[u8; 32]) -> u32 {
    let digest = Sha256::new()
        .chain_update(b"crucible seed")
        .chain_update(netuid.to_le_bytes())
        .chain_update(round.0.to_le_bytes())
        .chain_update(start_hash)
        .finalize();
    u32::from_le_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// What decides between hotkeys whose reveals are of one block, the smaller one first: the SHA-256 of the hotkey's address and the
/// round's seed (four bytes, little-endian). The seed is not known when hotkeys are made.
#[must_use]
pub fn tie_break(hotkey: &str, seed: u32) -> [u8; 32] {
    Sha256::new().chain_update(hotkey).chain_update(seed.to_le_bytes()).finalize().into()
}

/// What is the same for all ways to write the address of one place of outputs, to be compared and never to be asked: no scheme (a
/// server answers http as https), host in small letters without a dot at its end, no usual port, escapes in capitals and none for
/// letters, digits and `-._~`, one `/` for several, none at the end, nothing behind `#`.
#[must_use]
pub fn place(url: &str) -> String {
    let Ok(url) = Url::from_str(url) else { return url.to_owned() };
    let mut key = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    if let Some(port) = url.port().filter(|port| !matches!(port, 80 | 443)) {
        key.push_str(&format!(":{port}"));
    }
    let query = url.query().map(|query| format!("?{query}"));
    let rest = plain_escapes(&format!("{}{}", url.path(), query.unwrap_or_default()));
    key.push('/');
    for c in rest.chars() {
        if c != '/' || !key.ends_with('/') {
            key.push(c);
        }
    }
    key.truncate(key.trim_end_matches('/').len());
    if url.fragment().is_some() {
        key.push('#');
    }
    key
}

/// Escapes in capitals, and none where none is needed.
fn plain_escapes(text: &str) -> String {
    let digit = |at: usize| {
        text.as_bytes().get(at).and_then(|byte| char::from(*byte).to_digit(16)).map(|n| n as u8)
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        let escaped = (c == '%').then(|| Some(digit(at + 1)? << 4 | digit(at + 2)?)).flatten();
        rest = match escaped {
            Some(byte) => {
                if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                    out.push(byte.into());
                } else {
                    out.push_str(&format!("%{byte:02X}"));
                }
                &rest[3..]
            }
            None => {
                out.push(c);
                &rest[c.len_utf8()..]
            }
        };
    }
    out
}

/// A hotkey with a whole submission.
struct Candidate<'a> {
    who: &'a Entries,
    is: Commitment,
    /// Where its outputs are; see [`place`].
    place: String,
    tie: [u8; 32],
}

impl Candidate<'_> {
    /// Names of repositories are the same in either case.
    fn code(&self) -> (String, &str) {
        (self.is.repo.0.to_ascii_lowercase(), &self.is.commit.0)
    }

    /// In which earlier round it took part with it, and when it had revealed both in this one.
    fn code_claim(&self, earlier: &Earlier) -> Claim {
        let (repo, commit) = self.code();
        let code = (self.who.hotkey.to_string(), repo, commit.to_owned());
        let round = earlier.code.get(&code).copied().unwrap_or(u32::MAX);
        (round, self.is.repo.1.max(self.is.commit.1), self.tie)
    }

    fn place_claim(&self, earlier: &Earlier) -> Claim {
        let place = (self.who.hotkey.to_string(), self.place.clone());
        let round = earlier.place.get(&place).copied().unwrap_or(u32::MAX);
        (round, self.is.cdn_url.1, self.tie)
    }
}

/// The smallest one holds: earlier round, block, tie-break.
type Claim = (u32, u64, [u8; 32]);

/// Who took part in earlier rounds with which code and place of outputs. What was public in an earlier round can be revealed by
/// anybody in this one, so it stays with who had it first.
#[derive(Debug, Clone, Default)]
pub struct Earlier {
    /// First rounds by hotkey, repository and commit.
    code: BTreeMap<(String, String, String), u32>,
    /// First rounds by hotkey and place.
    place: BTreeMap<(String, String), u32>,
}

impl Earlier {
    /// Adds a round; in any order.
    pub fn add(&mut self, round: Round, submissions: &Submissions) {
        for (hotkey, submission) in submissions {
            let repo = submission.repo.to_ascii_lowercase();
            let code = (hotkey.clone(), repo, submission.commit.clone());
            let first = self.code.entry(code).or_insert(round.0);
            *first = round.0.min(*first);
            if let Some(place) = &submission.cdn_url {
                let first =
                    self.place.entry((hotkey.clone(), self::place(place))).or_insert(round.0);
                *first = round.0.min(*first);
            }
        }
    }
}

/// Who takes part in a round.
///
/// Of the hotkeys with a whole submission, those go whose coldkey locked less than `required_lock` for each of them; then those
/// whose code, or whose place of outputs, another of them had in an earlier round or revealed before. The rest challenge in the
/// order in which their commits were revealed; [`tie_break`] decides within a block.
#[must_use]
pub fn admit(
    observed: &Observed,
    config: &Config,
    schedule: &Schedule,
    round: Round,
    earlier: &Earlier,
) -> Admission {
    let seed = seed(observed.netuid, round, &observed.start.hash);
    let mut refused = Vec::new();
    let mut candidates = Vec::new();
    for who in &observed.hotkeys {
        let entries = who.entries.iter().map(|(bytes, block)| (bytes.as_slice(), *block));
        match commitment(entries, schedule) {
            Ok(is) => {
                let tie = tie_break(&who.hotkey.to_string(), seed);
                let place = place(&is.cdn_url.0);
                candidates.push(Candidate { who, is, place, tie });
            }
            Err(flaw) => refused.push((who.hotkey, Refusal::Flaw(flaw))),
        }
    }

    let mut of_coldkey: BTreeMap<Account, u64> = BTreeMap::new();
    for candidate in &candidates {
        *of_coldkey.entry(candidate.who.coldkey).or_default() += 1;
    }
    candidates.retain(|candidate| {
        let coldkey = &candidate.who.coldkey;
        let locked = observed.locks.get(coldkey).copied().unwrap_or(0);
        let required = observed.required_lock.saturating_mul(of_coldkey[coldkey]);
        let enough = locked >= required;
        if !enough {
            refused.push((candidate.who.hotkey, Refusal::Lock { locked, required }));
        }
        enough
    });

    let first_code = first(candidates.iter(), Candidate::code, |one| one.code_claim(earlier));
    let mut own_code = Vec::new();
    for candidate in &candidates {
        let holder = first_code[&candidate.code()];
        if holder == candidate.who.hotkey {
            own_code.push(candidate);
        } else {
            refused.push((candidate.who.hotkey, Refusal::SameCode(holder)));
        }
    }
    // Whoever has no code of its own takes nobody's place.
    let place = |one: &Candidate<'_>| one.place.clone();
    let first_place = first(own_code.iter().copied(), place, |one| one.place_claim(earlier));
    let mut accepted = Vec::new();
    for candidate in own_code {
        let holder = first_place[&candidate.place];
        if holder == candidate.who.hotkey {
            accepted.push(candidate);
        } else {
            refused.push((candidate.who.hotkey, Refusal::SamePlace(holder)));
        }
    }
    refused.sort_by_key(|(hotkey, _)| *hotkey);
    accepted.sort_by_key(|candidate| (candidate.is.commit.1, candidate.tie));
    let submission = |candidate: &Candidate<'_>| Submission {
        repo: candidate.is.repo.0.clone(),
        commit: candidate.is.commit.0.clone(),
        cdn_url: Some(candidate.is.cdn_url.0.clone()),
        revealed_at_block: candidate.is.commit.1,
        round: format!("{}-{round}", config.name),
        layout: Layout::default(),
    };
    let submissions = accepted
        .into_iter()
        .map(|candidate| (candidate.who.hotkey.to_string(), submission(candidate)))
        .collect();
    Admission { submissions, refused }
}

/// Who claimed each thing first.
fn first<'a, K: Ord>(
    candidates: impl Iterator<Item = &'a Candidate<'a>>,
    key: impl Fn(&'a Candidate<'a>) -> K,
    claim: impl Fn(&Candidate<'a>) -> Claim,
) -> BTreeMap<K, Account> {
    let mut first: BTreeMap<K, &Candidate<'a>> = BTreeMap::new();
    for candidate in candidates {
        let holder = first.entry(key(candidate)).or_insert(candidate);
        if claim(candidate) < claim(holder) {
            *holder = candidate;
        }
    }
    first.into_iter().map(|(key, candidate)| (key, candidate.who.hotkey)).collect()
}

/// The coldkeys whose locks [`admit`] will ask for: owners of whole submissions.
#[must_use]
pub fn coldkeys(hotkeys: &[Entries], schedule: &Schedule) -> Vec<Account> {
    let is_whole = |who: &&Entries| {
        let entries = who.entries.iter().map(|(bytes, block)| (bytes.as_slice(), *block));
        commitment(entries, schedule).is_ok()
    };
    let owners: BTreeSet<Account> =
        hotkeys.iter().filter(is_whole).map(|who| who.coldkey).collect();
    owners.into_iter().collect()
}
