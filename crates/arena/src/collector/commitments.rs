//! What miners committed to: from the bytes a chain revealed to a repository, a commit and the address of outputs.
//!
//! Anybody may have written these bytes. Each entry is read for itself, and whatever is wrong with it concerns nobody else.

use std::fmt;
use std::str::FromStr as _;

use fetch::Url;
use ledger::files::schedule::Schedule;
use ledger::json::{self, Json};

/// Bytes of an entry that are looked at, at most; longer ones are none. Bittensor reveals 780 at most.
pub const ENTRY_BYTES_MAX: usize = 2048;

/// Characters of a URL, at most: what the original takes.
pub const URL_BYTES_MAX: usize = 2083;

/// What one entry says; nothing for what it does not say, or does not say as a string.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    /// `owner/name`.
    pub repo: Option<String>,
    /// 40 hex digits.
    pub commit: Option<String>,
    /// Where outputs are.
    pub cdn_url: Option<String>,
}

/// What the entries of one hotkey come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commitment {
    /// `owner/name`, and the block it was revealed at.
    pub repo: (String, u64),
    /// 40 hex digits, and the block it was revealed at: this one decides the order of submissions.
    pub commit: (String, u64),
    /// Normalised, and the block it was revealed at.
    pub cdn_url: (String, u64),
}

/// Why the entries of a hotkey are no submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// No entry of the window says this.
    Missing(&'static str),
    /// It is not what it has to be.
    Bad(&'static str),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(field) => write!(f, "no {field} was revealed in the window"),
            Self::Bad("repo") => f.write_str("repo is no owner/name of GitHub"),
            Self::Bad("commit") => f.write_str("commit is not 40 digits of 0-9a-f"),
            Self::Bad(_) => f.write_str("cdn_url is no http or https URL without credentials"),
        }
    }
}

/// What an entry says, from the bytes in the chain's storage: a SCALE compact length, then JSON, also with `'` for `"`. The length
/// may be missing (newer clients write none) or wrong (the original never looks at it).
///
/// Nothing for whatever is no JSON object.
#[must_use]
pub fn fields(stored: &[u8]) -> Option<Fields> {
    if stored.len() > ENTRY_BYTES_MAX {
        return None;
    }
    let skip = match stored.first()? & 3 {
        0 => 1,
        1 => 2,
        _ => 4,
    };
    let behind = stored.get(skip..).unwrap_or_default();
    let order = if compact_length(stored) == Some(behind.len()) {
        [behind, stored]
    } else {
        [stored, behind]
    };
    order.into_iter().find_map(object)
}

/// The number in a compact prefix of one, two or four bytes.
fn compact_length(stored: &[u8]) -> Option<usize> {
    let byte = |at: usize| stored.get(at).copied().map(usize::from);
    let first = byte(0)?;
    Some(match first & 3 {
        0 => first >> 2,
        1 => (first | byte(1)? << 8) >> 2,
        2 => (first | byte(1)? << 8 | byte(2)? << 16 | byte(3)? << 24) >> 2,
        _ => return None,
    })
}

fn object(bytes: &[u8]) -> Option<Fields> {
    // What is no UTF-8 is left out.
    let text: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    let read = |text: &str| match json::read(text) {
        Ok(Json::Object(members)) => Some(members),
        _ => None,
    };
    let members = read(&text).or_else(|| read(&text.replace('\'', "\"")))?;
    let field = |key: &str| {
        members.get(key).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Some(Fields { repo: field("repo"), commit: field("commit"), cdn_url: field("cdn_url") })
}

/// Whether a reveal at this block counts; both ends do.
#[must_use]
pub fn in_window(schedule: &Schedule, block: u64) -> bool {
    (schedule.earliest_reveal_block..=schedule.latest_reveal_block).contains(&block)
}

/// What the entries of one hotkey come to. For each field the newest value counts; of one block, the greatest.
///
/// # Errors
///
/// [`Flaw`]: they are no submission.
pub fn commitment<'a>(
    entries: impl IntoIterator<Item = (&'a [u8], u64)>,
    schedule: &Schedule,
) -> Result<Commitment, Flaw> {
    let mut newest: [Option<(u64, String)>; 3] = [None, None, None];
    for (stored, block) in entries {
        let Some(fields) = fields(stored).filter(|_| in_window(schedule, block)) else { continue };
        let said = [fields.repo, fields.commit, fields.cdn_url];
        for (newest, value) in newest.iter_mut().zip(said) {
            let value = value.map(|value| (block, value));
            if value > *newest {
                *newest = value;
            }
        }
    }
    let [repo, commit, cdn_url] = newest;
    let (repo_at, repo) = repo.ok_or(Flaw::Missing("repo"))?;
    let (commit_at, commit) = commit.ok_or(Flaw::Missing("commit"))?;
    let (url_at, url) = cdn_url.ok_or(Flaw::Missing("cdn_url"))?;
    if !is_repo(&repo) {
        return Err(Flaw::Bad("repo"));
    }
    if !is_commit(&commit) {
        return Err(Flaw::Bad("commit"));
    }
    let cdn_url = normalised_url(&url).ok_or(Flaw::Bad("cdn_url"))?;
    Ok(Commitment {
        repo: (repo, repo_at),
        commit: (commit, commit_at),
        cdn_url: (cdn_url, url_at),
    })
}

/// Whether GitHub could have a repository of this name. An owner has up to 39 letters, digits, `-` and `_` and does not begin with
/// `-`; a name up to 100 of those and `.`, and is not `.`, `..`, or something that ends with `.git`.
#[must_use]
pub fn is_repo(text: &str) -> bool {
    let Some((owner, name)) = text.split_once('/') else { return false };
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=39).contains(&owner.len())
        && owner.bytes().all(word)
        && !owner.starts_with('-')
        && (1..=100).contains(&name.len())
        && name.bytes().all(|byte| word(byte) || byte == b'.')
        && !matches!(name, "." | "..")
        && !name.to_ascii_lowercase().ends_with(".git")
}

/// Whether this is the full name of a commit.
#[must_use]
pub fn is_commit(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// An http or https URL as all parts of a competition write it: every `/` at its end gone, host in lower case and Punycode, without
/// the usual port and dot segments, unsafe characters of the path escaped, `/` for an empty path.
///
/// Nothing for anything else, and for a URL with a name or a password in it.
#[must_use]
pub fn normalised_url(text: &str) -> Option<String> {
    let text = text.trim_end_matches('/');
    let is_web = ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !is_web || text.len() > URL_BYTES_MAX {
        return None;
    }
    let url = Url::from_str(text).ok()?;
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    let has_credentials = !url.username().is_empty() || url.password().is_some();
    let normalised = String::from(url);
    (has_host && !has_credentials && normalised.len() <= URL_BYTES_MAX).then_some(normalised)
}
