//! The pictures of a run: addresses and files, and the stems they get.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fleet::session::Session;

use crate::failure::Failure;
use crate::files;

/// Where a picture is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At an address.
    Url(String),
    /// Here, served under this name.
    File(String),
}

/// What is asked for.
#[derive(Debug, Default)]
pub(super) struct Given {
    /// Stems and places, in order.
    pub(super) prompts: Vec<(String, Place)>,
    /// Files by the name they are served under.
    pub(super) files: BTreeMap<String, Vec<u8>>,
}

/// Reads the prompts named, and those of a file with one a line.
pub(super) fn read(named: &[String], list: Option<&Path>) -> Result<Given, Failure> {
    let mut all = named.to_vec();
    if let Some(list) = list {
        let text = fs_err::read_to_string(list).map_err(|error| Failure::io(&error))?;
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        all.extend(lines.map(str::to_owned));
    }
    let mut given = Given::default();
    let mut stems = BTreeSet::new();
    for text in all {
        let is_url = text.starts_with("http://") || text.starts_with("https://");
        let stem = stem(&text, is_url);
        if stem.is_empty() {
            return Err(Failure::usage(format!(
                "{text}: no letter or digit to name the result by"
            )));
        }
        if !stems.insert(stem.clone()) {
            return Err(Failure::usage(format!("{text}: another picture gives {stem}.js too")));
        }
        let place = if is_url {
            Place::Url(text)
        } else {
            let bytes = files::read_picture_bytes(Path::new(&text))?;
            given.files.insert(stem.clone(), bytes);
            Place::File(stem.clone())
        };
        given.prompts.push((stem, place));
    }
    Ok(given)
}

/// The name without folders, ending and query, in lower-case letters and digits.
fn stem(text: &str, is_url: bool) -> String {
    let text = if is_url { text.split(['?', '#']).next().unwrap_or_default() } else { text };
    let name = text.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(name, _)| name);
    name.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The port that an earlier run served its files on.
pub(super) fn port(before: &Session) -> Option<u16> {
    before.plan().prompts.iter().find_map(|prompt| {
        let rest = prompt.image_url.strip_prefix(super::pictures::BASE)?;
        rest.split_once(super::pictures::PATH)?.0.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems() {
        for (text, is_url, name) in [
            ("a/Red-Vase_2.png", false, "redvase2"),
            ("https://example.org/p/A1b2.jpg?x=1/2.png#y", true, "a1b2"),
            ("https://example.org/", true, "example"),
            ("vase", false, "vase"),
            ("---.png", false, ""),
        ] {
            assert_eq!(stem(text, is_url), name, "{text}");
        }
    }
}
