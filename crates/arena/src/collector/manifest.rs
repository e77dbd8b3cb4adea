//! `rounds/{n}/{hotkey}/manifest.json`: which bytes a miner's server gave for which prompt, and when. Written as files come in after
//! the deadline; from then on only the stored copies count, so a miner changes nothing any more.
//!
//! ```json
//! { "chair_01": { "sha256": "9f…", "size": 8120, "fetched_at": "2031-03-04T12:00:11Z" } }
//! ```

use jiff::Timestamp;
use ledger::json::{Json, Object, Step};
use ledger::{ByName, Field, FieldError, JsonFile, Round};
use store::Digest;

/// A file that was fetched and stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// Of its content.
    pub sha256: Digest,
    /// Bytes.
    pub size: u64,
    /// When its last byte came.
    pub fetched_at: Timestamp,
}

/// By stem, in the order in which files came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest(pub ByName<Fetched>);

/// Where it is written.
#[must_use]
pub fn path(round: Round, hotkey: &str) -> String {
    format!("rounds/{round}/{hotkey}/manifest.json")
}

impl Field for Fetched {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let repair = "delete the entry, and the file is fetched again";
        let members =
            json.as_object().ok_or_else(|| FieldError::new("an object belongs here", repair))?;
        let member = |key: &str| {
            members.get(key).ok_or_else(|| FieldError::new(format!("\"{key}\" is missing"), repair))
        };
        let under = |key: &str| {
            let step = Step::Key(key.to_owned());
            move |error: FieldError| error.under(step)
        };
        let sha256 = member("sha256")?.as_str().and_then(Digest::from_hex);
        let sha256 = sha256
            .ok_or_else(|| FieldError::new("64 hex digits belong here", repair))
            .map_err(under("sha256"))?;
        Ok(Self {
            sha256,
            size: u64::read(member("size")?).map_err(under("size"))?,
            fetched_at: Timestamp::read(member("fetched_at")?).map_err(under("fetched_at"))?,
        })
    }

    fn plain(&self) -> Json {
        let mut members = Object::new();
        members.insert("sha256".to_owned(), Json::String(self.sha256.to_string()));
        members.insert("size".to_owned(), self.size.plain());
        members.insert("fetched_at".to_owned(), self.fetched_at.plain());
        Json::Object(members)
    }
}

impl Field for Manifest {
    fn read(json: &Json) -> Result<Self, FieldError> {
        ByName::read(json).map(Self)
    }

    fn plain(&self) -> Json {
        self.0.plain()
    }
}

impl JsonFile for Manifest {}
