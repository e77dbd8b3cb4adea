//! The view bundle of one stored asset.

use std::time::Duration;

use bytes::Bytes;
use futures_util::future::try_join_all;
use ledger::files::outputs::{AssetKind, Output};
use ledger::json::Json;
use store::{Digest, StoreError};
use views::Kind;

use super::fetching::{STORE_TRIES, get, put};
use super::manifest::Fetched;
use super::settings::Settings;
use crate::drawing::{self, Slow, Undrawn};
use crate::ports::{Ports, WebError, WebLimits};

/// How it ended.
#[derive(Debug)]
pub(super) enum End {
    /// With this row: the views, or why there are none for good.
    Row(Box<Output>),
    /// The stored file is not there any more, or another one.
    Lost,
    /// The picture of the prompt cannot be had.
    NoPicture(String),
    /// Something of ours failed.
    Ours(String),
}

/// What to draw.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) kind: AssetKind,
    /// Of the asset.
    pub(super) key: String,
    /// Of the bundle.
    pub(super) prefix: String,
    pub(super) fetched: Fetched,
    /// URL of the prompt's picture.
    pub(super) prompt: String,
}

impl Wanted {
    /// The row of a stored asset, as yet without views.
    pub(super) fn row(&self, ports: &Ports) -> Output {
        Output {
            asset: Some(ports.store.url(&self.key)),
            size: self.fetched.size,
            sha256: Some(self.fetched.sha256.to_string()),
            fetched_at: Some(self.fetched.fetched_at),
            ..Output::new(self.kind)
        }
    }

    fn failed(&self, ports: &Ports, reason: &str, detail: &str) -> End {
        let mut row = Output { failure_reason: Some(reason.to_owned()), ..self.row(ports) };
        if !detail.is_empty() {
            row.layout.set("detail", Json::from(shown(detail).as_str()));
        }
        End::Row(Box::new(row))
    }
}

/// The picture of a prompt.
pub(super) async fn picture(
    ports: &Ports,
    settings: &Settings,
    url: &str,
) -> Result<Bytes, WebError> {
    let bytes_max = usize::try_from(settings.picture_bytes_max).unwrap_or(usize::MAX);
    let limits = WebLimits { bytes_max, time_max: settings.file_time(bytes_max), rate_min: None };
    get(ports, settings, url, &limits, WebError::is_transient).await
}

/// Draws and stores.
pub(super) async fn draw(
    ports: &Ports,
    settings: &Settings,
    wanted: &Wanted,
    picture: Bytes,
    slow: &Slow,
) -> End {
    let asset = match stored(ports, wanted).await {
        Ok(asset) => asset,
        Err(StoreError::Failed { key, source }) => {
            return End::Ours(format!("reading {key}: {source}"));
        }
        Err(_) => return End::Lost,
    };
    let prompt = Digest::of(&picture);
    let drawn =
        drawing::draw(ports, kind_of(wanted.kind), (asset, picture), settings.drawing_tries, slow);
    match drawn.await {
        Ok(bundle) => {
            let mut row = wanted.row(ports);
            row.layout.set("views_sha256", Json::String(Digest(bundle.digest()).to_string()));
            row.layout.set("prompt_sha256", Json::String(prompt.to_string()));
            let stored = bundle.files().map(|(name, content_type, content)| {
                let key = format!("{}/{name}", wanted.prefix);
                let content = content.clone();
                async move { put(ports, &key, content, content_type).await }
            });
            match try_join_all(stored).await {
                Ok(_) => {}
                Err(error @ StoreError::Key { .. }) => {
                    return wanted.failed(ports, "views_upload_failed", &error.to_string());
                }
                Err(error) => return End::Ours(format!("storing {error}")),
            }
            row.picture = Some(ports.store.url(&match wanted.kind {
                AssetKind::Module => wanted.prefix.clone(),
                AssetKind::Mesh | AssetKind::Splats => format!("{}/grid.png", wanted.prefix),
            }));
            End::Row(Box::new(row))
        }
        Err(Undrawn::Asset(why)) => wanted.failed(ports, "render_failed", &why),
        Err(Undrawn::Prompt(why)) => End::NoPicture(format!("it is no picture: {why}")),
        Err(Undrawn::Ours(why)) => End::Ours(why),
    }
}

/// The stored asset, in a few tries.
async fn stored(ports: &Ports, wanted: &Wanted) -> Result<Bytes, StoreError> {
    let Fetched { sha256, size, .. } = wanted.fetched;
    let mut tries = 1;
    loop {
        match ports.store.get_exact(&wanted.key, sha256, size).await {
            Err(StoreError::Failed { .. }) if tries < STORE_TRIES => {
                ports.clock.sleep(Duration::from_secs(1 << tries)).await;
                tries += 1;
            }
            end => return end,
        }
    }
}

/// The row of an asset whose prompt has no picture.
pub(super) fn without_picture(ports: &Ports, wanted: &Wanted, why: &str) -> End {
    wanted.failed(ports, "prompt_image_missing", why)
}

const fn kind_of(kind: AssetKind) -> Kind {
    match kind {
        AssetKind::Splats => Kind::Splats,
        AssetKind::Mesh => Kind::Mesh,
        AssetKind::Module => Kind::Module,
    }
}

/// At most 200 characters, none of them a control character.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
