//! Pictures drawn again are the pictures that were judged.

use std::fmt;

use bytes::Bytes;
use ledger::files::outputs::{AssetKind, Output};
use ledger::files::prompts;
use ledger::json::Json;
use ledger::{LEADER, MinerFile, Place};
use sha2::{Digest as _, Sha256};
use views::{Bundle, Kind, ViewsError};

use super::matches::Context;
use super::outputs::{ASSET_BYTES_MAX, OutputsFile};
use super::report::{Check, steps};
use super::{BlobError, Verifier, Wanted};
use crate::drawing::NOT_IN_TIME;

/// Draws assets again.
pub trait Redraw: fmt::Debug {
    /// The picture of a prompt, by its URL.
    ///
    /// # Errors
    ///
    /// In words: it is not to be had.
    fn prompt(&self, url: &str) -> Result<Bytes, String>;

    /// Pictures and descriptors of an asset.
    ///
    /// # Errors
    ///
    /// [`ViewsError`].
    fn bundle(&self, kind: Kind, asset: &[u8], prompt: &[u8]) -> Result<Bundle, ViewsError>;
}

/// The member of a row that has the digest of the bundle.
const MEMBER: &str = "views_sha256";

impl Verifier<'_> {
    /// Draws all assets of a round again. Comes after its duels: what judges were shown is known then.
    pub(super) fn check_pictures(&mut self, context: &Context, redraw: &dyn Redraw) {
        let round = context.round;
        let folder = format!("rounds/{round}/");
        let places: Vec<Place> =
            self.books.below(&folder).filter_map(|path| Place::parse(path)).collect();
        for place in places {
            let Place::Miner(_, hotkey, file) = &place else { continue };
            let under = match file {
                MinerFile::Submitted => "submitted".to_owned(),
                MinerFile::GeneratedRepeat(repeat) => format!("generated_{repeat}"),
                MinerFile::Generated => "generated".to_owned(),
                _ => continue,
            };
            if hotkey != LEADER && !context.who.contains(hotkey) {
                continue;
            }
            let Some(outputs) = self.outputs(round, hotkey, std::slice::from_ref(file)) else {
                continue;
            };
            for (stem, row) in &outputs.value {
                if row.asset.is_none() {
                    continue;
                }
                let extension = row.kind.extension();
                let key = format!("rounds/{round}/{hotkey}/{under}/{stem}.{extension}");
                self.check_row(context, redraw, &outputs, stem, row, &key);
            }
        }
    }

    fn check_row(
        &mut self,
        context: &Context,
        redraw: &dyn Redraw,
        outputs: &OutputsFile,
        stem: &str,
        row: &Output,
        key: &str,
    ) {
        let Some(blobs) = self.blobs else {
            return self.log.unchecked(Check::Render, "pictures: no blobs were given");
        };
        let stated = row.layout.get(MEMBER).and_then(Json::as_str);
        let spot = outputs.member(steps![stem, MEMBER]);
        if stated.is_none() && row.picture.is_some() {
            return self.log.unchecked(Check::Render, "pictures whose hashes are not recorded");
        }
        let wanted = Wanted { key: key.to_owned(), bytes_max: ASSET_BYTES_MAX };
        let asset = match blobs.read(&[wanted]).pop() {
            Some(Ok(asset)) => asset,
            // The check of outputs has said so.
            Some(Err(BlobError::Missing)) | None => return,
            Some(Err(error)) => {
                return self
                    .log
                    .unchecked(Check::Render, format!("an asset could not be read: {error}"));
            }
        };
        let urls = context.prompts.iter().flat_map(|file| &file.value);
        let Some(url) = urls.map(|(url, _)| url).find(|url| prompts::stem(url) == stem) else {
            return;
        };
        let prompt = match redraw.prompt(url) {
            Ok(prompt) => prompt,
            Err(why) => {
                let what = format!("pictures whose prompt is not to be had: {why}");
                return self.log.unchecked(Check::Render, what);
            }
        };
        let kind = match row.kind {
            AssetKind::Module => Kind::Module,
            AssetKind::Mesh => Kind::Mesh,
            AssetKind::Splats => Kind::Splats,
        };
        match redraw.bundle(kind, &asset, &prompt) {
            Ok(bundle) => match stated {
                Some(stated) => {
                    let digest = faster_hex::hex_string(&bundle.digest());
                    self.log.hold(Check::Render, digest == stated, &spot, || {
                        format!("\"{}\", but drawn again it is {digest}", ledger::shorten(stated))
                    });
                    self.check_shown(outputs, stem, row, &bundle);
                }
                None if row
                    .layout
                    .get("detail")
                    .and_then(|detail| detail.as_str())
                    .is_some_and(|why| why.starts_with(NOT_IN_TIME)) =>
                {
                    let what = "assets that were not drawn in their time";
                    self.log.unchecked(Check::Render, what);
                }
                None if !row
                    .failure_reason
                    .as_deref()
                    .is_some_and(|why| why.starts_with("render_failed")) =>
                {
                    let what =
                        "assets without pictures for another reason than that they cannot be drawn";
                    self.log.unchecked(Check::Render, what);
                }
                None => {
                    let problem = "has no pictures, but can be drawn";
                    self.log.found(
                        Check::Render,
                        &outputs.member(steps![stem, "failure_reason"]),
                        problem,
                    );
                }
            },
            Err(ViewsError::Invalid(why)) => {
                self.log.hold(Check::Render, row.picture.is_none(), &spot, || {
                    format!("has pictures, but the asset cannot be drawn: {why}")
                });
            }
            Err(error) => self.log.unchecked(Check::Render, format!("pictures: {error}")),
        }
    }

    /// What judges were shown of an asset are these pictures.
    fn check_shown(&mut self, outputs: &OutputsFile, stem: &str, row: &Output, bundle: &Bundle) {
        let Some(picture) = &row.picture else { return };
        let prefix = picture.strip_suffix("/grid.png").unwrap_or(picture);
        for (key, _, content) in bundle.files() {
            let Some(shown) = self.inputs.get(&format!("{prefix}/{key}")) else { continue };
            let hash = faster_hex::hex_string(&Sha256::digest(content));
            let same = *shown == hash;
            let shown = shown.clone();
            let spot = outputs.member(steps![stem, row.kind.picture_member()]);
            self.log.hold(Check::Render, same, &spot, || {
                format!("judges were shown a {key} with {shown}, drawn again it has {hash}")
            });
        }
    }
}
