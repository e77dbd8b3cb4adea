//! What stands in a batcher's journal.

use crate::json::{self, Json, Object, Style};
use crate::repository::Id;

/// A file to be committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PutFile {
    pub(super) path: String,
    pub(super) text: String,
    /// What the file must still be.
    pub(super) expected: Option<Id>,
}

/// A member of a file that is to be committed, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PutRow {
    pub(super) path: String,
    pub(super) key: String,
    pub(super) value: Json,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Files to be committed, and members of files that lines above have.
    Put { files: Vec<PutFile>, rows: Vec<PutRow>, message: String },
    /// A file not to be committed any more.
    Drop { path: String },
    /// A file that may be what it is now.
    Expect { path: String, expected: Option<Id> },
    /// A file of others that must be what it was.
    Guard { path: String, expected: Option<Id> },
    /// It may be anything again.
    Unguard { path: String },
    /// The branch is about to be moved to a commit that has all the files above.
    Intent { commit: Id },
}

impl Entry {
    pub(super) fn to_text(&self) -> String {
        let id = |id: &Option<Id>| id.map_or(Json::Null, |id| Json::String(id.to_string()));
        let text = |text: &String| Json::String(text.clone());
        let members = match self {
            Self::Put { files, rows, message } => {
                let file = |file: &PutFile| {
                    object(vec![
                        ("path", text(&file.path)),
                        ("text", text(&file.text)),
                        ("expected", id(&file.expected)),
                    ])
                };
                let row = |row: &PutRow| {
                    object(vec![
                        ("path", text(&row.path)),
                        ("key", text(&row.key)),
                        ("value", row.value.clone()),
                    ])
                };
                let files = Json::Array(files.iter().map(file).collect());
                let rows = Json::Array(rows.iter().map(row).collect());
                vec![("put", files), ("rows", rows), ("message", text(message))]
            }
            Self::Drop { path } => vec![("drop", text(path))],
            Self::Expect { path, expected } => {
                vec![("expect", text(path)), ("expected", id(expected))]
            }
            Self::Guard { path, expected } => {
                vec![("guard", text(path)), ("expected", id(expected))]
            }
            Self::Unguard { path } => vec![("unguard", text(path))],
            Self::Intent { commit } => vec![("intent", id(&Some(*commit)))],
        };
        json::write(&object(members), Style::Line)
    }

    /// Nothing for text that no version of ours wrote.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let json = json::read(text).ok()?;
        let members = json.as_object()?;
        let text = |key: &str| text_of(members, key);
        let id = |key: &str| id_of(members, key);
        if let Some(files) = members.get("put") {
            let file = |file: &Json| {
                let members = file.as_object()?;
                let (path, text) = (text_of(members, "path")?, text_of(members, "text")?);
                Some(PutFile { path, text, expected: id_of(members, "expected")? })
            };
            let files = files.as_array()?.iter().map(file).collect::<Option<_>>()?;
            let row = |row: &Json| {
                let members = row.as_object()?;
                let (path, key) = (text_of(members, "path")?, text_of(members, "key")?);
                Some(PutRow { path, key, value: members.get("value")?.clone() })
            };
            let rows = members.get("rows").map_or(Some([].as_slice()), Json::as_array)?;
            let rows = rows.iter().map(row).collect::<Option<_>>()?;
            Some(Self::Put { files, rows, message: text("message")? })
        } else if let Some(path) = text("drop") {
            Some(Self::Drop { path })
        } else if let Some(path) = text("expect") {
            Some(Self::Expect { path, expected: id("expected")? })
        } else if let Some(path) = text("guard") {
            Some(Self::Guard { path, expected: id("expected")? })
        } else if let Some(path) = text("unguard") {
            Some(Self::Unguard { path })
        } else {
            Some(Self::Intent { commit: id("intent")?? })
        }
    }
}

fn object(members: Vec<(&str, Json)>) -> Json {
    Json::Object(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn text_of(members: &Object, key: &str) -> Option<String> {
    members.get(key)?.as_str().map(str::to_owned)
}

fn id_of(members: &Object, key: &str) -> Option<Option<Id>> {
    match members.get(key)? {
        Json::Null => Some(None),
        id => Id::from_hex(id.as_str()?).map(Some),
    }
}
