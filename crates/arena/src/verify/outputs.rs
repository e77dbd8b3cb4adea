//! What miners delivered: only prompts of the round, all of them once the stage is over, and blobs that are what was recorded.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use judge::audit::SUBMITTED;
use ledger::files::outputs::{Output, Outputs};
use ledger::{JsonFile as _, LEADER, MinerFile, Place, Round, Stage};
use sha2::{Digest as _, Sha256};

use super::books::File;
use super::report::{Check, steps};
use super::rules::Rules;
use super::{BlobError, Verifier, Wanted};

/// Bytes of an asset, at most: a mesh's limit.
pub(super) const ASSET_BYTES_MAX: u64 = 200 << 20;

/// Assets that are read at once: so many, with so many bytes.
const TOGETHER: usize = 32;
const TOGETHER_BYTES: u64 = 256 << 20;

/// One side of matches, by the file its outputs are in.
pub(super) type OutputsFile = Rc<File<Outputs>>;

impl Verifier<'_> {
    /// The outputs of a miner, or the leader's. Read once.
    pub(super) fn outputs(
        &mut self,
        round: Round,
        hotkey: &str,
        files: &[MinerFile],
    ) -> Option<OutputsFile> {
        for file in files {
            let place = Place::Miner(round, hotkey.to_owned(), file.clone());
            if let Some(known) = self.outputs.get(&place) {
                return known.clone();
            }
            if self.books.has(&place) {
                let read = self.books.json(&mut self.log, &place).map(Rc::new);
                self.outputs.insert(place, read.clone());
                return read;
            }
        }
        None
    }

    /// The same as they were when a report was written: they may have been made again with more outputs.
    fn outputs_then(
        &mut self,
        round: Round,
        hotkey: &str,
        files: &[MinerFile],
        report: &str,
    ) -> Option<OutputsFile> {
        let now = self.outputs(round, hotkey, files);
        let Some(&then) = self.written.get(report) else { return now };
        // Most are never written again.
        let place = now.as_ref().and_then(|now| self.written.get(&now.path));
        let last = place.and_then(|last| self.order.get(last));
        if last.is_some() && last <= self.order.get(&then) {
            return now;
        }
        let repository = self.books.repository;
        for file in files {
            let path = Place::Miner(round, hotkey.to_owned(), file.clone()).to_string();
            let id = |at| repository.file_id(at, &path).ok().flatten();
            let was = id(then);
            if was.is_none() {
                continue;
            }
            if was == id(self.books.snapshot.id()) {
                return now;
            }
            let text = self.books.text_at(then, &path)?;
            let value = Outputs::from_optional(&path, Some(&text)).ok()?.unwrap_or_default();
            return Some(Rc::new(File { path, text, value }));
        }
        None
    }

    /// Both sides of a match: of an audit `repeat` is which. As its report had to see them, if it is given, else as they are.
    pub(super) fn sides(
        &mut self,
        round: Round,
        rules: Rules,
        sides: [&str; 2],
        repeat: Option<u32>,
        report: Option<&str>,
    ) -> [Option<OutputsFile>; 2] {
        side_files(rules, sides, repeat).map(|(hotkey, files)| match report {
            Some(report) => self.outputs_then(round, hotkey, &files, report),
            None => self.outputs(round, hotkey, &files),
        })
    }

    /// Whether the outputs of a side are there and could not be read.
    pub(super) fn sides_broken(
        &self,
        round: Round,
        rules: Rules,
        sides: [&str; 2],
        repeat: Option<u32>,
    ) -> bool {
        side_files(rules, sides, repeat).into_iter().any(|(hotkey, files)| {
            files
                .into_iter()
                .any(|file| self.books.is_broken(&Place::Miner(round, hotkey.to_owned(), file)))
        })
    }

    /// What a contestant brings to matches of the tournament.
    pub(super) fn brought(
        &mut self,
        round: Round,
        rules: Rules,
        hotkey: &str,
    ) -> Option<OutputsFile> {
        match rules {
            Rules::Splats => self.outputs(round, hotkey, &[MinerFile::Generations]),
            _ if hotkey == LEADER => self.outputs(round, LEADER, &MinerFile::generated(1)),
            _ => self.outputs(round, hotkey, &[MinerFile::Submitted]),
        }
    }

    /// Checks all outputs of a round: `stems` are those of its prompts, none if they are not there.
    pub(super) fn check_outputs(
        &mut self,
        round: Round,
        rules: Rules,
        stems: &[String],
        hotkeys: &[String],
        who: &BTreeSet<String>,
    ) {
        let folder = format!("rounds/{round}/");
        let places: Vec<Place> =
            self.books.below(&folder).filter_map(|path| Place::parse(path)).collect();
        for place in places {
            let Place::Miner(_, hotkey, file) = &place else { continue };
            let under = match file {
                MinerFile::Submitted => "submitted".to_owned(),
                MinerFile::GeneratedRepeat(repeat) => format!("generated_{repeat}"),
                MinerFile::Generated => "generated".to_owned(),
                MinerFile::Generations => String::new(),
                _ => continue,
            };
            let Some(outputs) = self.outputs(round, hotkey, std::slice::from_ref(file)) else {
                continue;
            };
            if hotkey != LEADER && !who.contains(hotkey) {
                let problem = "is not by anybody who takes part";
                self.log.noticed(Check::Outputs, &outputs.line(1, ""), problem);
            }
            for stem in outputs.value.keys().filter(|_| !stems.is_empty()) {
                let known = stems.binary_search(stem).is_ok();
                self.log.hold(Check::Outputs, known, &outputs.member(steps![stem]), || {
                    "is not the name of a prompt of this round".to_owned()
                });
            }
            let complete =
                *file == MinerFile::Submitted && self.has_left(round, Stage::Downloading);
            if complete {
                let missing: Vec<&String> = stems
                    .iter()
                    .filter(|stem| {
                        !outputs.value.contains_key(*stem) && store::key_problem(stem).is_none()
                    })
                    .collect();
                if let Some(first) = missing.first() {
                    let problem = format!(
                        "{} of {} prompts have no row, as \"{}\"; after the download each has one",
                        missing.len(),
                        stems.len(),
                        ledger::shorten(first),
                    );
                    self.log.noticed(Check::Outputs, &outputs.line(1, ""), problem);
                }
            }
            self.check_keys(round, rules, hotkey, &under, &outputs);
        }
        if self.has_left(round, Stage::Downloading) && rules != Rules::Splats {
            for hotkey in hotkeys {
                let place = Place::Miner(round, hotkey.clone(), MinerFile::Submitted);
                if !self.books.has(&place) {
                    let path = place.to_string();
                    self.log.missing(
                        Check::Outputs,
                        &path,
                        "is not there, but the download is over",
                    );
                }
            }
        }
    }

    /// Addresses end as they should, and blobs are what was recorded.
    fn check_keys(
        &mut self,
        round: Round,
        rules: Rules,
        hotkey: &str,
        under: &str,
        file: &OutputsFile,
    ) {
        let mut wanted = Vec::new();
        for (stem, row) in &file.value {
            let Some(url) = &row.asset else {
                let spot = file.member(steps![stem, row.kind.picture_member()]);
                self.log.hold_or_notice(Check::Outputs, row.picture.is_none(), &spot, || {
                    "there are pictures of an asset that is not there".to_owned()
                });
                continue;
            };
            let name = format!("{stem}.{}", row.kind.extension());
            let below = if under.is_empty() { String::new() } else { format!("{under}/") };
            let key = format!("rounds/{round}/{hotkey}/{below}{name}");
            let spot = file.member(steps![stem, row.kind.extension()]);
            let fits = rules != Rules::Crucible || ends_with_key(url, &key);
            self.log.hold(Check::Outputs, fits, &spot, || {
                format!("\"{}\" is not the address of {key}", ledger::shorten(url))
            });
            match &row.sha256 {
                Some(sha256) => wanted.push((stem, row, key, sha256.clone())),
                None if rules == Rules::Crucible => {
                    let problem = "an asset without its sha256";
                    self.log.found(Check::Outputs, &file.member(steps![stem]), problem);
                }
                None => {
                    let what = "hashes of assets are not recorded: assets may be others than those that were judged";
                    self.log.unchecked(Check::Outputs, what);
                }
            }
        }
        let mut rest = wanted.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = |(_, row, ..): &&(&String, &Output, String, String)| {
                bytes = u64::saturating_add(bytes, row.size);
                bytes <= TOGETHER_BYTES
            };
            let together = rest.iter().take(TOGETHER).take_while(fits).count().max(1);
            let (part, later) = rest.split_at(together);
            self.check_blobs(file, part);
            rest = later;
        }
    }

    fn check_blobs(&mut self, file: &OutputsFile, rows: &[(&String, &Output, String, String)]) {
        let Some(blobs) = self.blobs else {
            let what = "assets were not read: no blobs were given";
            return self.log.unchecked_times(Check::Outputs, what, rows.len() as u64);
        };
        let wanted: Vec<Wanted> = rows
            .iter()
            .map(|(_, row, key, _)| Wanted {
                key: key.clone(),
                bytes_max: row.size.min(ASSET_BYTES_MAX),
            })
            .collect();
        let read = blobs.read(&wanted);
        for ((stem, row, key, recorded), found) in rows.iter().zip(read) {
            match found {
                Ok(bytes) => {
                    let hash = faster_hex::hex_string(&Sha256::digest(&bytes));
                    let spot = file.member(steps![*stem, "sha256"]);
                    let same = hash.eq_ignore_ascii_case(recorded);
                    self.log.hold(Check::Outputs, same, &spot, || {
                        format!("{}, but the blob {key} has {hash}", ledger::shorten(recorded))
                    });
                    let spot = file.member(steps![*stem, "size"]);
                    self.log.hold(
                        Check::Outputs,
                        !same || row.size == bytes.len() as u64,
                        &spot,
                        || format!("{}, but the blob {key} has {} bytes", row.size, bytes.len()),
                    );
                }
                Err(BlobError::Missing) => {
                    let spot = file.member(steps![*stem, row.kind.extension()]);
                    self.log.found(Check::Outputs, &spot, format_args!("there is no blob {key}"));
                }
                Err(BlobError::TooLarge) => {
                    let spot = file.member(steps![*stem, "size"]);
                    let problem = format!("{}, but the blob {key} is larger", row.size);
                    self.log.found(Check::Outputs, &spot, problem);
                }
                Err(BlobError::Failed(why)) => {
                    self.log.unchecked(Check::Outputs, format!("a blob could not be read: {why}"));
                }
            }
        }
    }
}

/// The files of both sides of a match, each in the order to look: of an audit `repeat` is which.
fn side_files(
    rules: Rules,
    [left, right]: [&str; 2],
    repeat: Option<u32>,
) -> [(&str, Vec<MinerFile>); 2] {
    let of = |hotkey: &str| match rules {
        Rules::Splats => vec![MinerFile::Generations],
        _ if hotkey == LEADER => MinerFile::generated(1),
        _ => vec![MinerFile::Submitted],
    };
    let left = match (repeat, left) {
        (Some(_), SUBMITTED) => (right, vec![MinerFile::Submitted]),
        _ => (left, of(left)),
    };
    [left, (right, repeat.map_or_else(|| of(right), MinerFile::generated))]
}

/// Whether a URL is that of a key below any address.
pub(super) fn ends_with_key(url: &str, key: &str) -> bool {
    let mut escaped = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            escaped.push(byte.into());
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    [key, escaped.as_str()]
        .iter()
        .any(|end| url.strip_suffix(end).is_some_and(|base| base.is_empty() || base.ends_with('/')))
}

/// Rows by stem of a side; a stem that is not there is an empty row.
pub(super) fn row<'a>(outputs: Option<&'a OutputsFile>, stem: &str) -> Option<&'a Output> {
    outputs?.value.get(stem)
}

/// All outputs that were read.
pub(super) type Cache = BTreeMap<Place, Option<OutputsFile>>;
